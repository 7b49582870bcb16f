import SwitchyardCore
import SwitchyardModel

// Short words for the trace, and numbers for its hash.

func describe(_ ref: AttemptRef) -> String { "\(ref.instance)/\(ref.attempt)" }

func describe(_ message: WorkerMessage) -> String {
  switch message {
  case .hello: "hello again"
  case .heartbeat(let beat): "heartbeat \(beat.sequence), \(beat.used) used"
  case .accepted(let ref, _): "accepted \(describe(ref))"
  case .rejected(let ref, let reason): "rejected \(describe(ref)): \(reason)"
  case .result(let result): "result \(describe(result.attempt)) \(result.outcome)"
  case .log: "log"
  case .draining: "draining"
  case .goodbye: "goodbye"
  }
}

func describe(_ message: ServerMessage) -> String {
  switch message {
  case .welcome(let welcome): "welcome, session \(welcome.session)"
  case .refused(let refusal, let text): "refused: \(refusal) \(text)"
  case .heartbeatAck(let sequence): "heartbeat \(sequence) acknowledged"
  case .dispatch(let assignment): "dispatch \(describe(assignment.attempt)) epoch \(assignment.epoch)"
  case .resultAck(let ref): "result \(describe(ref)) acknowledged"
  case .logAck: "log acknowledged"
  case .stop(let ref, _, let epoch): "stop \(describe(ref)) epoch \(epoch)"
  case .epochs(let claims): "epochs of \(claims.count) shards"
  case .drain: "drain"
  }
}

func describe(_ change: NodeChange) -> String {
  switch change {
  case .joined(let ref, let profile, let session): "\(ref) joined with \(profile.slots) slots, session \(session)"
  case .metrics(let ref, _): "\(ref) metrics"
  case .draining(let ref): "\(ref) drains"
  case .suspended(let ref): "\(ref) is suspended"
  case .resumed(let ref): "\(ref) is back"
  case .left(let ref): "\(ref) left"
  case .taken(let ref, let slots): "\(ref) +\(slots)"
  case .released(let ref, let slots): "\(ref) -\(slots)"
  case .event(let event): "\(event.worker) \(event.kind) \(event.instance)/\(event.attempt)"
  }
}

func describe(_ notice: ServerNotice) -> String {
  switch notice {
  case .instance(let id, _, _, let state, let attempt, let worker):
    "\(id)/\(attempt) is \(state) \(worker?.description ?? "")"
  case .started(let ref, _, _, let worker, _): "\(describe(ref)) began on \(worker)"
  case .attemptEnded(let ref, _, _, let worker, let outcome, _): "\(describe(ref)) \(outcome) on \(worker)"
  case .jobStored(let job): "job \(job.spec.name) version \(job.version) \(job.state)"
  case .workerJoined(let ref, let session): "\(ref) joined, session \(session)"
  case .workerSuspended(let ref): "\(ref) suspended"
  case .workerJudged(let ref, let verdict): "\(ref) judged \(verdict)"
  case .owned(let shards): "owns \(shards) shards"
  case .clockStepped(let span): "the clock was set by \(span)"
  case .resigned(let reason): "resigned: \(reason)"
  case .counted(let name): "counted \(name)"
  case .measured(let passage, let span): "\(passage) in \(span.nanoseconds) ns"
  }
}

func describe(_ op: StoreOp) -> String {
  let authority = if case .shard(let shard, let epoch) = op.authority { "[\(shard.number)@\(epoch)] " } else { "" }
  let verb =
    switch op.verb {
    case .createJob(let job): "create job \(job.spec.name), due \(describe(job.nextFire))"
    case .editJob(let job): "edit job \(job.spec.name) to \(job.version), due \(describe(job.nextFire))"
    case .setJobState(let change): "job \(change.job) \(change.state), due \(describe(change.nextFire))"
    case .createInstance(let instance, let due):
      "create \(instance.id) \(instance.occurrence) \(instance.state) then \(describe(due?.nextFire))"
    case .dispatch(let dispatch): "dispatch \(dispatch.instance)/\(dispatch.expectedAttempt + 1) to \(dispatch.worker)"
    case .finish(let finish):
      "finish \(finish.instance)/\(finish.attempt) \(finish.outcome) of \(finish.worker): \(describe(finish.next))"
    case .settle(let settlement): "settle \(settlement.instance) \(settlement.from) → \(settlement.to)"
    case .requestStop(let id, let attempt): "stop \(id)/\(attempt)"
    case .putWorker(let record): "worker \(record.ref) session \(record.session)"
    case .judgeWorker(let ref, let session, let verdict, _): "judge \(ref) session \(session) \(verdict)"
    case .putPolicy(let revision): "policy \(revision.revision)"
    case .purgeInstances(let ids, _): "purge \(ids.count) instances"
    case .purgeJob(let job, _): "purge job \(job)"
    case .purgeWorker(let name, _): "purge worker \(name)"
    case .access: "access"
    }
  return authority + verb
}

func describe(_ next: Finish.Next) -> String {
  switch next {
  case .end(let state): "\(state)"
  case .wait(_, let tries): "again, \(tries) tries"
  case .hold: "held"
  }
}

extension Finish.Next {
  var isEnd: Bool { if case .end = self { true } else { false } }
}

func describe(_ time: Timestamp?) -> String { time.map { "\($0.nanoseconds)" } ?? "never" }

func describe(_ request: OwnerRead) -> String {
  switch request {
  case .dueJobs(let shard, _, _, _): "dueJobs \(shard.number)"
  case .waiting(let shard, _, _, _): "waiting \(shard.number)"
  case .placed(let shard, _, _): "placed \(shard.number)"
  case .queued(let shard, _, _): "queued \(shard.number)"
  case .instance(let id): "instance \(id)"
  case .job(let id): "job \(id)"
  case .workers: "workers"
  case .worker(let name): "worker \(name)"
  }
}

func describe(_ timer: ServerTimer) -> String {
  switch timer {
  case .shard(let shard): "shard \(shard.number)"
  case .session(let name): "session \(name)"
  default: "\(timer)"
  }
}

func describe(_ results: [OpResult]) -> String {
  results.map { result in
    switch result {
    case .applied: "ok"
    case .conflict: "conflict"
    case .duplicate: "duplicate"
    case .fenced: "fenced"
    }
  }.joined(separator: " ")
}

func describe(_ wish: Client.Wish) -> String {
  switch wish {
  case .createJob(let index): "create job-\(index)"
  case .editJob(let index, let plan): "edit job-\(index) to \(plan)"
  case .setState(let index, let state): "job-\(index) \(state)"
  case .submit(let key, let job): "submit \(job) \(key ?? "")"
  case .submitBatch(let job): "submit a batch of \(job)"
  case .end(let id): "end \(id)"
  case .release(let id): "release \(id)"
  case .putPolicy(let number): "put policy \(number)"
  }
}

extension ServerReply {
  var word: String {
    switch self {
    case .submitted(_, let duplicate): duplicate ? "duplicate" : "granted"
    case .batch, .job, .policy, .instance, .access: "granted"
    case .refused(.conflict, _): "conflict"
    case .refused(.overloaded, _): "overloaded"
    case .refused(.unavailable, _): "unavailable"
    }
  }
}

func describe(_ reply: ServerReply) -> String {
  switch reply {
  case .submitted(let id, let duplicate): "submitted \(id)\(duplicate ? " before" : "")"
  case .batch(let replies): replies.map(describe).joined(separator: ", ")
  case .job(let job): "job \(job.spec.name) version \(job.version) \(job.state)"
  case .policy(let revision): "policy \(revision.revision)"
  case .instance(let id, let state): "\(id) \(state)"
  case .access(let result): "access \(result)"
  case .refused(let refusal, let text): "refused: \(refusal) \(text)"
  }
}

extension OpResult {
  var code: UInt64 {
    switch self {
    case .applied: 1
    case .conflict: 2
    case .duplicate(let id): 3 ^ (id ?? 0)
    case .fenced: 4
    }
  }
}

extension WorkerMessage {
  var code: UInt64 {
    switch self {
    case .hello(let hello): 1 << 56 ^ UInt64(hello.inventory.count)
    case .heartbeat(let beat): 2 << 56 ^ beat.sequence
    case .accepted(let ref, _): 3 << 56 ^ ref.code
    case .rejected(let ref, _): 4 << 56 ^ ref.code
    case .result(let result): 5 << 56 ^ result.attempt.code ^ UInt64(result.outcome.rawValue)
    case .log: 6 << 56
    case .draining: 7 << 56
    case .goodbye: 8 << 56
    }
  }
}

extension ServerMessage {
  var code: UInt64 {
    switch self {
    case .welcome(let welcome): 11 << 56 ^ welcome.session
    case .refused(let refusal, _): 12 << 56 ^ UInt64(refusal.rawValue)
    case .heartbeatAck(let sequence): 13 << 56 ^ sequence
    case .dispatch(let assignment): 14 << 56 ^ assignment.attempt.code
    case .resultAck(let ref): 15 << 56 ^ ref.code
    case .logAck(let ref, _): 16 << 56 ^ ref.code
    case .stop(let ref, _, _): 17 << 56 ^ ref.code
    case .epochs(let claims): 18 << 56 ^ UInt64(claims.count)
    case .drain: 19 << 56
    }
  }
}

extension AttemptRef {
  var code: UInt64 { instance.rawValue &* 0x9E37_79B9 &+ UInt64(attempt) }
}
