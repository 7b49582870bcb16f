import SwitchyardModel
import SwitchyardStorage

/// Makes commits out of small sets of identities, so that they meet often. It looks at the model to make
/// most operations likely to apply; the others miss by one thing or by everything.
struct HistoryGenerator {
  static let jobIDs = (1...6).map { JobID(rawValue: $0) }
  static let jobNames = ["x", "y", "z"]
  static let apps = ["a", "b"]
  static let instanceIDs = (100..<140).map { InstanceID(rawValue: $0) }

  private var random: SeededRandom
  private var server = ServerRef(id: "s", incarnation: 5)
  private let shards: [Shard]

  init(seed: UInt64) {
    random = SeededRandom(seed: seed)
    shards = Set(Self.jobIDs.map { Shard(of: $0) } + Self.instanceIDs.map { Shard(of: $0) }).sorted()
  }

  // MARK: Chance

  mutating func chance(_ percent: UInt64) -> Bool { random.below(100) < percent }
  mutating func number(_ range: ClosedRange<Int>) -> Int { range.lowerBound + Int(random.below(UInt64(range.count))) }
  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[Int(random.below(UInt64(elements.count)))] }
  mutating func time() -> Timestamp { Timestamp(seconds: Int64(number(0...9))) }
  mutating func maybeTime() -> Timestamp? { chance(70) ? time() : nil }
  mutating func text() -> String? { chance(50) ? pick(["", "text", "é\0", "e\u{301}"]) : nil }
  mutating func worker() -> WorkerRef { WorkerRef(name: pick(["u", "v", "w"]), incarnation: UInt64(number(1...3))) }
  mutating func instanceID() -> InstanceID { pick(Self.instanceIDs) }

  // MARK: Commits

  mutating func wantsClaim(first: Bool) -> Bool { first || chance(10) }

  mutating func claim() -> ([Shard], ServerRef) {
    if chance(30) { server.incarnation += 1 }
    let claimant = chance(10) ? ServerRef(id: "s", incarnation: 4) : server
    return (chance(70) ? Shard.all : [pick(shards), pick(shards)], claimant)
  }

  mutating func group(on model: ModelState) -> CommitGroup {
    let author = chance(2) ? ServerRef(id: pick(["s", "t"]), incarnation: server.incarnation &- 1) : server
    var preview = model
    var ops: [StoreOp] = []
    let length = number(0...16)
    while ops.count < length {
      for op in operations(on: preview) {
        ops.append(op)
        _ = preview.apply(CommitGroup(server: server, ops: [op]))
      }
    }
    return CommitGroup(server: author, ops: ops)
  }

  private mutating func operations(on model: ModelState) -> [StoreOp] {
    switch number(0...23) {
    case 0: [jobOp(.createJob(job(on: model)), model)]
    case 1: [jobOp(edit(on: model), model)]
    case 2: [jobOp(stateChange(on: model), model)]
    case 3...7: creation(on: model)
    case 8...10: [dispatch(instanceID(), on: model)]
    case 11...14: [finish(on: model)]
    case 15: [settlement(on: model)]
    case 16: [stop(on: model)]
    case 17: [StoreOp(.server, putWorker(on: model))]
    case 18: [StoreOp(.server, judge(on: model))]
    case 19: [StoreOp(.server, purge())]
    case 20: [StoreOp(.server, putPolicy(on: model))]
    default: [StoreOp(.server, .access(access(on: model)), audit: chance(50) ? auditEntry() : nil)]
    }
  }

  /// Mostly the authority that the shard's owner has.
  private mutating func owner(_ shard: Shard, _ model: ModelState) -> StoreOp.Authority {
    let epoch = model.epoch(of: shard)
    if chance(94) { return .shard(shard, epoch) }
    return switch number(0...3) {
    case 0: .shard(shard, epoch &+ 1)
    case 1: .shard(shard, epoch == 0 ? 0 : epoch - 1)
    case 2: .shard(pick(shards), epoch)
    default: .server
    }
  }

  // MARK: Jobs

  private mutating func jobOp(_ verb: StoreOp.Verb, _ model: ModelState) -> StoreOp {
    switch verb {
    case .createJob(let job), .editJob(let job):
      StoreOp(owner(job.shard, model), verb, audit: chance(30) ? auditEntry() : nil)
    case .setJobState(let change): StoreOp(owner(Shard(of: change.job), model), verb)
    default: StoreOp(.server, verb)
    }
  }

  private mutating func job(on model: ModelState) -> Job {
    let duration = Span.milliseconds(Int64(number(0...1_000)))
    return Job(
      id: pick(Self.jobIDs), app: pick(Self.apps), version: chance(95) ? 1 : 2,
      state: pick([.enabled, .enabled, .paused]),
      spec: JobSpec(
        name: pick(Self.jobNames), schedule: .fixedRate(.seconds(1)), processor: .noop(duration: duration),
        tags: chance(20) ? ["tag"] : []),
      nextFire: maybeTime(), anchor: time(), chain: chance(50) ? instanceID() : nil, createdAt: time(),
      updatedAt: time())
  }

  private mutating func edit(on model: ModelState) -> StoreOp.Verb {
    var edited = job(on: model)
    if case .jobs(let page) = model.read(.job(edited.id)), let stored = page.first, chance(90) {
      edited.app = stored.app
      edited.spec.name = stored.spec.name
      edited.version = stored.version + (chance(90) ? 1 : 2)
      if chance(5) { edited.state = .deleted }
    }
    return .editJob(edited)
  }

  private mutating func stateChange(on model: ModelState) -> StoreOp.Verb {
    let id = pick(Self.jobIDs)
    var version: UInt32 = 1
    if case .jobs(let page) = model.read(.job(id)), let stored = page.first, chance(90) { version = stored.version }
    let state: JobState = pick([.enabled, .enabled, .paused, .deleted])
    return .setJobState(JobStateChange(job: id, version: version, state: state, nextFire: maybeTime(), at: time()))
  }

  // MARK: Instances

  /// An instance of some job, often followed by its dispatch.
  private mutating func creation(on model: ModelState) -> [StoreOp] {
    let id = instanceID()
    let jobID = pick(Self.jobIDs)
    var instance = Instance(
      id: id, job: jobID, jobVersion: 1, app: "a", shard: chance(50) ? Shard(of: jobID) : Shard(of: id),
      occurrence: pick([.submitted(id), .submitted(id), .key(pick(["k", "l"])), .due(time()), .after(instanceID())]),
      state: pick([.waiting, .waiting, .waiting, .waiting, .waiting, .waiting, .queued, .skipped]),
      attempt: UInt32(chance(95) ? 0 : 3), priority: Int32(number(-2...2)),
      readyAt: time(), dueAt: time(), createdAt: time(), endedAt: chance(5) ? time() : nil, parameters: text(),
      detail: text())
    if chance(2) { instance.state = .dispatched }
    if chance(2) { instance.occurrence = .submitted(instanceID()) }
    var guarded: DueGuard?
    if case .jobs(let page) = model.read(.job(jobID)), let stored = page.first, chance(95) {
      instance.app = stored.app
      instance.jobVersion = chance(90) ? stored.version : UInt32(number(0...3))
      if let next = stored.nextFire, chance(50) {
        if chance(90) { instance.occurrence = .due(next) }
        if chance(90) { instance.shard = Shard(of: jobID) }
        guarded = DueGuard(
          jobVersion: chance(95) ? stored.version : 1, expectedNextFire: chance(90) ? next : time(),
          nextFire: maybeTime(), chain: chance(50) ? id : nil)
      }
    }
    let op = StoreOp(owner(instance.shard, model), .createInstance(instance, guarded))
    guard chance(50) else { return [op] }
    let dispatch = Dispatch(
      instance: id, expectedAttempt: chance(95) ? instance.attempt : 1, worker: worker(), at: time())
    return [op, StoreOp(chance(95) ? op.authority : .server, .dispatch(dispatch))]
  }

  private func shard(of id: InstanceID, _ model: ModelState) -> Shard { model.instance(id)?.shard ?? Shard(of: id) }

  private mutating func attempt(of id: InstanceID, _ model: ModelState) -> UInt32 {
    let attempt = model.instance(id)?.attempt ?? 0
    return chance(92) ? attempt : UInt32(number(0...3))
  }

  private mutating func dispatch(_ id: InstanceID, on model: ModelState) -> StoreOp {
    let dispatch = Dispatch(instance: id, expectedAttempt: attempt(of: id, model), worker: worker(), at: time())
    return StoreOp(owner(shard(of: id, model), model), .dispatch(dispatch))
  }

  private mutating func chain(of id: InstanceID, _ model: ModelState) -> ChainAdvance? {
    guard chance(40) else { return nil }
    let job = chance(80) ? model.instance(id)?.job ?? pick(Self.jobIDs) : pick(Self.jobIDs)
    var predecessor = chance(80) ? id : instanceID()
    if chance(60), case .jobs(let page) = model.read(.job(job)), let chain = page.first?.chain { predecessor = chain }
    return ChainAdvance(job: job, predecessor: predecessor, nextFire: time())
  }

  /// Mostly of one that is placed.
  private mutating func placedID(_ model: ModelState) -> InstanceID {
    for _ in 0..<8 {
      let id = instanceID()
      if let state = model.instance(id)?.state, state == .dispatched || state == .stopping { return id }
    }
    return instanceID()
  }

  private mutating func finish(on model: ModelState) -> StoreOp {
    let id = placedID(model)
    let next: Finish.Next =
      switch number(0...9) {
      case 0...1: .wait(readyAt: time(), tries: UInt32(number(0...3)))
      case 2: .hold
      case 3: .end(pick(InstanceState.allCases))
      default: .end(pick([.succeeded, .failed, .timedOut, .lost, .stopped]))
      }
    let bound = model.instance(id)?.worker
    let finish = Finish(
      instance: id, attempt: attempt(of: id, model), worker: chance(92) ? bound ?? worker() : worker(),
      outcome: pick(AttemptOutcome.allCases), next: next, startedAt: maybeTime(), endedAt: time(), result: text(),
      detail: text(), chain: chain(of: id, model))
    return StoreOp(owner(shard(of: id, model), model), .finish(finish))
  }

  private mutating func settlement(on model: ModelState) -> StoreOp {
    let id = instanceID()
    let from = chance(85) ? model.instance(id)?.state ?? .waiting : pick(InstanceState.allCases)
    let settlement = Settlement(
      instance: id, attempt: attempt(of: id, model), from: from,
      to: chance(80) ? pick([.cancelled, .expired, .waiting]) : pick(InstanceState.allCases), at: time(),
      detail: text(), chain: chain(of: id, model))
    return StoreOp(owner(shard(of: id, model), model), .settle(settlement))
  }

  private mutating func stop(on model: ModelState) -> StoreOp {
    let id = placedID(model)
    return StoreOp(owner(shard(of: id, model), model), .requestStop(id, attempt: attempt(of: id, model)))
  }

  // MARK: Workers, policies

  private mutating func putWorker(on model: ModelState) -> StoreOp.Verb {
    let ref = worker()
    let stored = model.workers(after: nil, limit: 9).first { $0.ref.name == ref.name }
    return .putWorker(
      WorkerRecord(
        ref: ref, session: (stored?.session ?? 0) + UInt64(number(0...2)), lineage: random.next(), home: "s",
        verdict: chance(10) ? .lost : nil,
        profile: WorkerProfile(apps: Self.apps, slots: UInt32(number(1...9)), weight: Double(number(0...7)) / 4),
        seenAt: time()))
  }

  private mutating func judge(on model: ModelState) -> StoreOp.Verb {
    var ref = worker()
    let stored = model.workers(after: nil, limit: 9).first { $0.ref.name == ref.name }
    if let stored, chance(70) { ref = stored.ref }
    let session = (stored?.session ?? 1) + UInt64(number(0...2))
    return .judgeWorker(ref, session: session == 0 ? 0 : session - 1, verdict: pick(Verdict.allCases), at: time())
  }

  private mutating func putPolicy(on model: ModelState) -> StoreOp.Verb {
    let app = pick(Self.apps)
    let stored = model.policy(app: app, revision: nil)?.revision ?? 0
    return .putPolicy(
      PolicyRevision(
        app: app, revision: stored + UInt64(chance(80) ? 1 : number(0...2)),
        policy: Policy(balancer: Policy.Strategy(plugin: pick(["p", "q"]))), createdAt: time()))
  }
}

// MARK: Retention

extension HistoryGenerator {
  private mutating func purge() -> StoreOp.Verb {
    switch number(0...3) {
    case 0...1: .purgeInstances((0..<number(0...6)).map { _ in instanceID() }, endedBefore: time())
    case 2: .purgeJob(pick(Self.jobIDs), unchangedSince: time())
    default: .purgeWorker(name: worker().name, judgedBefore: time())
    }
  }

  mutating func endedLists() -> [(before: Timestamp, after: InstanceID?, below: InstanceID, limit: Int)] {
    var lists = [
      (before: Timestamp.distantFuture, after: InstanceID?.none, below: InstanceID(rawValue: 999), limit: 99)
    ]
    for _ in 0..<4 { lists.append((time(), chance(50) ? instanceID() : nil, instanceID(), limit())) }
    return lists
  }
}

// MARK: Reads

extension HistoryGenerator {
  private mutating func limit() -> Int { pick([0, 1, 2, 5, 99]) }

  mutating func ownerReads() -> [OwnerRead] {
    var reads: [OwnerRead] = [.workers(after: nil, limit: 99), .workers(after: "u", limit: 1), .worker(name: "w")]
    reads += Self.jobIDs.map { .job($0) } + Self.instanceIDs.map { .instance($0) }
    for shard in Set(Self.jobIDs.map { Shard(of: $0) } + Self.instanceIDs.map { Shard(of: $0) }).sorted() {
      reads.append(.placed(shard, after: nil, limit: 99))
      reads.append(.queued(shard, after: nil, limit: 99))
      reads.append(.queued(shard, after: instanceID(), limit: limit()))
      reads.append(.waiting(shard, readyBy: .distantFuture, after: nil, limit: 99))
      reads.append(.dueJobs(shard, until: .distantFuture, after: nil, limit: 99))
      let rank = Int64(number(-20...30)) * 1_000_000_000
      reads.append(
        .waiting(shard, readyBy: time(), after: RankCursor(rank: rank, instance: instanceID()), limit: limit()))
      reads.append(.placed(shard, after: instanceID(), limit: limit()))
      reads.append(
        .dueJobs(shard, until: time(), after: DueCursor(nextFire: time(), job: pick(Self.jobIDs)), limit: limit()))
    }
    return reads
  }

  mutating func jobLists() -> [(String?, JobCursor?, Int)] {
    var lists: [(String?, JobCursor?, Int)] = [(nil, nil, 99)]
    for _ in 0..<6 {
      let cursor = chance(60) ? JobCursor(app: pick(Self.apps), name: pick(Self.jobNames)) : nil
      lists.append((chance(60) ? pick(Self.apps) : nil, cursor, limit()))
    }
    return lists
  }

  mutating func instanceLists() -> [(InstanceFilter, InstanceID?, Int)] {
    var lists: [(InstanceFilter, InstanceID?, Int)] = [(InstanceFilter(), nil, 99)]
    for _ in 0..<12 {
      let filter = InstanceFilter(
        app: chance(40) ? pick(Self.apps) : nil, job: chance(30) ? pick(Self.jobIDs) : nil,
        states: (0..<number(0...3)).map { _ in pick(InstanceState.allCases) },
        worker: chance(30) ? pick(["u", "v", "w"]) : nil)
      lists.append((filter, chance(50) ? instanceID() : nil, limit()))
    }
    return lists
  }
}
