import SwitchyardModel
import SwitchyardStorage
import Testing

/// A store that a server has claimed, and short ways to write to it.
///
/// Job 1 and its shard are where most happens; times are small numbers of seconds.
final class Scene: Sendable {
  let store: any Store
  let server = ServerRef(id: "server", incarnation: 7)
  let epochs: [Epoch]
  let home = Shard(of: JobID(rawValue: 1))

  init(on store: any Store) async throws {
    self.store = store
    let claim = try await store.claim(Shard.all, for: server)
    epochs = claim.shards.map(\.epoch)
  }

  func owner(_ shard: Shard) -> StoreOp.Authority { .shard(shard, epochs[Int(shard.number)]) }

  func commit(_ ops: [StoreOp]) async -> CommitOutcome {
    await store.commit(CommitGroup(server: server, ops: ops))
  }

  /// Each operation by the owner of the shard that it belongs to.
  func apply(_ verbs: StoreOp.Verb...) async throws -> [OpResult] {
    let outcome = await commit(verbs.map { StoreOp(authority(for: $0), $0) })
    guard case .done(let results) = outcome else {
      Issue.record("the commit came to \(outcome)")
      throw StoreError(.unavailable, "\(outcome)")
    }
    return results
  }

  /// Checks what each operation answers, each in a commit of its own.
  func expect(
    _ expected: OpResult, _ verbs: StoreOp.Verb..., sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    for verb in verbs {
      let result = await commit([StoreOp(authority(for: verb), verb)])
      #expect(result == .done([expected]), "\(verb)", sourceLocation: sourceLocation)
    }
  }

  private func authority(for verb: StoreOp.Verb) -> StoreOp.Authority {
    switch verb {
    case .createJob(let job), .editJob(let job): owner(job.shard)
    case .setJobState(let change): owner(Shard(of: change.job))
    case .createInstance(let instance, _): owner(instance.shard)
    case .dispatch, .finish, .settle, .requestStop: owner(home)
    case .putWorker, .judgeWorker, .putPolicy, .purgeInstances, .purgeJob, .purgeWorker, .access: .server
    }
  }

  // MARK: Values

  func job(
    _ number: UInt64 = 1, app: String = "app", name: String = "job", version: UInt32 = 1, state: JobState = .enabled,
    nextFire: Int64? = nil, chain: UInt64? = nil, priority: Int32 = 0
  ) -> Job {
    Job(
      id: JobID(rawValue: number), app: app, version: version, state: state,
      spec: JobSpec(name: name, processor: .noop(duration: .milliseconds(Int64(version))), priority: priority),
      nextFire: nextFire.map(Timestamp.init(seconds:)), anchor: Timestamp(seconds: 1),
      chain: chain.map(InstanceID.init(rawValue:)), createdAt: Timestamp(seconds: 2),
      updatedAt: Timestamp(seconds: 3))
  }

  func state(
    _ state: JobState, of number: UInt64 = 1, version: UInt32 = 1, nextFire: Int64? = nil
  ) -> StoreOp.Verb {
    .setJobState(
      JobStateChange(
        job: JobID(rawValue: number), version: version, state: state,
        nextFire: nextFire.map(Timestamp.init(seconds:)), at: Timestamp(seconds: 9)))
  }

  func instance(
    _ number: UInt64, job: UInt64 = 1, version: UInt32 = 1, app: String = "app", occurrence: Occurrence? = nil,
    state: InstanceState = .waiting, priority: Int32 = 0, readyAt: Int64 = 0, shard: Shard? = nil
  ) -> Instance {
    let id = InstanceID(rawValue: number)
    return Instance(
      id: id, job: JobID(rawValue: job), jobVersion: version, app: app, shard: shard ?? home,
      occurrence: occurrence ?? .submitted(id), state: state, priority: priority,
      readyAt: Timestamp(seconds: readyAt), dueAt: Timestamp(seconds: 4), createdAt: Timestamp(seconds: 5))
  }

  func create(_ instance: Instance, _ due: DueGuard? = nil) -> StoreOp.Verb { .createInstance(instance, due) }

  func due(_ expected: Int64, next: Int64?, version: UInt32 = 1, chain: UInt64? = nil) -> DueGuard {
    DueGuard(
      jobVersion: version, expectedNextFire: Timestamp(seconds: expected),
      nextFire: next.map(Timestamp.init(seconds:)), chain: chain.map(InstanceID.init(rawValue:)))
  }

  let worker = WorkerRef(name: "w", incarnation: 3)

  func dispatch(_ number: UInt64, attempt: UInt32 = 0, to worker: WorkerRef? = nil) -> StoreOp.Verb {
    .dispatch(
      Dispatch(
        instance: InstanceID(rawValue: number), expectedAttempt: attempt, worker: worker ?? self.worker,
        at: Timestamp(seconds: 10)))
  }

  func finish(
    _ number: UInt64, attempt: UInt32 = 1, by worker: WorkerRef? = nil, _ next: Finish.Next = .end(.succeeded),
    chain: ChainAdvance? = nil, result: String? = nil, detail: String? = nil
  ) -> StoreOp.Verb {
    .finish(
      Finish(
        instance: InstanceID(rawValue: number), attempt: attempt, worker: worker ?? self.worker, outcome: .failed,
        next: next, startedAt: Timestamp(seconds: 11), endedAt: Timestamp(seconds: 12), result: result,
        detail: detail, chain: chain))
  }

  func settle(
    _ number: UInt64, attempt: UInt32 = 0, from: InstanceState, to: InstanceState, chain: ChainAdvance? = nil
  ) -> StoreOp.Verb {
    .settle(
      Settlement(
        instance: InstanceID(rawValue: number), attempt: attempt, from: from, to: to, at: Timestamp(seconds: 13),
        detail: "settled", chain: chain))
  }

  func stop(_ number: UInt64, attempt: UInt32 = 1) -> StoreOp.Verb {
    .requestStop(InstanceID(rawValue: number), attempt: attempt)
  }

  func chain(_ predecessor: UInt64, next: Int64, job: UInt64 = 1) -> ChainAdvance {
    ChainAdvance(
      job: JobID(rawValue: job), predecessor: InstanceID(rawValue: predecessor), nextFire: Timestamp(seconds: next))
  }

  // MARK: Reads

  func stored(_ number: UInt64) async throws -> Instance {
    try #require(try await store.instance(InstanceID(rawValue: number)))
  }

  func storedJob(_ number: UInt64 = 1) async throws -> Job {
    guard case .jobs(let jobs) = try await store.read(.job(JobID(rawValue: number))) else { throw UnexpectedPage() }
    return try #require(jobs.first)
  }

  func jobs(_ request: OwnerRead) async throws -> [UInt64] {
    guard case .jobs(let jobs) = try await store.read(request) else { throw UnexpectedPage() }
    return jobs.map(\.id.rawValue)
  }

  func page(_ request: OwnerRead) async throws -> [ActiveInstance] {
    guard case .instances(let instances) = try await store.read(request) else { throw UnexpectedPage() }
    return instances
  }

  func instances(_ request: OwnerRead) async throws -> [UInt64] {
    try await page(request).map(\.instance.id.rawValue)
  }

  func workers(_ request: OwnerRead) async throws -> [String] {
    guard case .workers(let workers) = try await store.read(request) else { throw UnexpectedPage() }
    return workers.map(\.ref.name)
  }
}

/// A read was answered with a page of another kind.
struct UnexpectedPage: Error {}
