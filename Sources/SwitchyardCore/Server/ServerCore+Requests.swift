import SwitchyardModel

/// What the API asks for.
extension ServerCore {
  mutating func perform(_ request: ServerRequest, _ token: Token) {
    board.opened(token)
    guard board.phase == .owning else {
      return board.refuse(token, .unavailable, "the server does not own its shards now: try again in a moment")
    }
    if let reason = board.commits.refusal {
      return board.refuse(token, .unavailable, "the store does not write now, and nothing was stored: \(reason)")
    }
    guard !board.isCongested else {
      return board.refuse(
        token, .overloaded(retryAfter: board.retryAfter), "the store does not keep up: try again later")
    }
    switch request {
    case .submit(let submission):
      guard admits(submission.definition.app, token) else { return }
      submit(submission, for: Asker(token: token))
    case .submitBatch(let submissions):
      guard let app = submissions.first?.definition.app else { return board.reply(token, .batch([])) }
      guard admits(app, token) else { return }
      board.openBatch(token, count: submissions.count)
      for (item, submission) in submissions.enumerated() { submit(submission, for: Asker(token: token, item: item)) }
    case .putJob(let app, let spec, let existing): put(app, spec, existing, token)
    case .setJobState(let job, let state):
      shards[Int(job.shard.number)].add(.set(state), for: job.id, token: token, &board)
    case .end(let instance):
      shards[Int(instance.shard.number)].request(.end(token), for: instance.id, &board)
    case .release(let instance):
      shards[Int(instance.shard.number)].request(.release(token), for: instance.id, &board)
    case .putPolicy(let app, let policy, let revision):
      let revision = PolicyRevision(app: app, revision: revision, policy: policy, createdAt: board.now.wall)
      policies.append((token, revision))
      board.commit(
        .putPolicy(revision), for: token, before: revision.revision == 1 ? nil : "revision \(revision.revision - 1)",
        after: "revision \(revision.revision)")
    case .access(let op):
      accesses.append(token)
      board.commit(.access(op), for: token)
    case .audited(let request, let entry):
      board.audit(token, entry)
      perform(request, token)
    }
  }

  private mutating func submit(_ submission: Submission, for asker: Asker) {
    let id = board.nextInstance()
    // Those that a limit is about are counted in one place.
    let definition = submission.definition
    let shard = definition.spec.overlap == nil ? Shard(of: id) : Shard(of: definition.job)
    shards[Int(shard.number)].submit(asker, submission, id, &board)
  }

  /// Refuses where the app holds its share of the queue.
  private mutating func admits(_ app: String, _ token: Token) -> Bool {
    if board.fresh.admits(app) { return true }
    board.count("admission.share")
    board.refuse(
      token, .overloaded(retryAfter: board.retryAfter),
      "\(board.fresh.held(by: app)) instances of the app \(app) wait to be stored, its share of the queue: send fewer at a time"
    )
    return false
  }

  private mutating func put(_ app: String, _ spec: JobSpec, _ existing: Job?, _ token: Token) {
    guard board.zones(spec.timeZone) != nil else {
      return board.refuse(token, .conflict, "the time zone \(spec.timeZone) is not known here")
    }
    if let existing {
      return shards[Int(existing.shard.number)].add(
        .edit(spec, existing: existing.version), for: existing.id, token: token, &board)
    }
    let now = board.now.wall
    let id = JobID(rawValue: board.nextID())
    var job = Job(id: id, app: app, spec: spec, anchor: spec.anchor(at: now), createdAt: now, updatedAt: now)
    job.nextFire = job.firstDue(at: now, zone: board.zone(spec.timeZone))
    shards[Int(job.shard.number)].create(job, token, &board)
  }

  mutating func policyPut(_ revision: PolicyRevision, _ result: OpResult) {
    // Policies come back in the order in which they went out.
    guard let (token, _) = policies.popFirst() else { return }
    guard result == .applied else {
      return board.refuse(token, .conflict, "the policy has changed since it was read")
    }
    board.actions.append(.policyStored(revision))
    board.reply(token, .policy(revision))
    board.placements.viewChanged(app: revision.app)
  }

  mutating func accessed(_ op: AccessOp, _ result: OpResult) {
    if result == .applied { board.actions.append(.accessStored(op)) }
    // They come back in the order in which they went out; the core's own have nobody who waits.
    if let token = accesses.popFirst() ?? nil { board.reply(token, .access(result)) }
  }

  /// Each hour, and after so many records: the audit stays within its bounds.
  mutating func trimAudit() {
    guard board.phase == .owning else { return }
    board.audited = 0
    accesses.append(nil)
    board.commit(.access(.trim(before: board.now.wall - AuditRetention.span, keep: AuditRetention.records)))
    board.arm(.auditTrim, at: board.now.boot + .seconds(3600))
  }
}
