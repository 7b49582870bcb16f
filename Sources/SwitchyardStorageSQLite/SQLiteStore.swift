package import SwitchyardModel
package import SwitchyardStorage
import Synchronization

/// A store in one SQLite file, for one server process.
///
/// One connection writes, on a thread of its own, each group of operations in one transaction that is on
/// the disk when `commit` returns. Two others read: one for the owner of shards, one for the API, so that a
/// long list does not hold up the scheduler. See `Writer` for what happens when the disk fails.
package final class SQLiteStore: Store {
  private let writer: Writer
  private let ownerReader: Reader
  private let apiReader: Reader
  private let lock: Mutex<StoreLock?>
  private let idleWatch: Task<Void, Never>

  private init(path: String, lock: StoreLock, options: SQLiteOptions) throws(StoreError) {
    let connection: Connection
    do { connection = try Connection.writer(path: path, cacheKiB: options.cacheKiB) } catch {
      throw error.storeError(at: path)
    }
    try Schema.migrate(connection, path: path)
    let definitions = DefinitionCache()
    let writer = try Writer(path: path, connection: connection, definitions: definitions, options: options)
    self.writer = writer
    ownerReader = try Reader(path: path, definitions: definitions)
    apiReader = try Reader(path: path, definitions: definitions)
    self.lock = Mutex(lock)
    idleWatch = Task { [weak writer] in
      var space = SpaceWatch(path: path, low: options.lowSpace, notice: options.notice)
      while (try? await Task.sleep(for: options.idleAfter)) != nil {
        guard let writer else { return }
        space.look()
        await writer.emptyIdleLog()
      }
    }
  }

  deinit { idleWatch.cancel() }

  /// Opens the store in a directory, and makes both when they are missing.
  ///
  /// - Parameter path: of the directory; it gets `switchyard.db` and `store.lock`.
  /// - Throws: `inUse` when another process holds it (its number is in the message), `tooNew`, `corrupt`,
  ///   `readOnly`, `full`, `unavailable`; each message says what to do.
  package static func open(
    at path: String, options: SQLiteOptions = SQLiteOptions()
  ) throws(StoreError) -> SQLiteStore {
    try DataDirectory.make(path)
    let lock = try StoreLock(path: "\(path)/store.lock")
    DataDirectory.makeFile("\(path)/switchyard.db")
    let store = try SQLiteStore(path: "\(path)/switchyard.db", lock: lock, options: options)
    DataDirectory.sync(path)
    return store
  }

  package func claim(_ shards: [Shard], for server: ServerRef) async throws(StoreError) -> Claim {
    try await writer.claim(shards, for: server)
  }

  package func commit(_ group: CommitGroup, then tell: @escaping @Sendable (CommitOutcome) -> Void) {
    // From the caller's thread to the writer's and back, without a third in between.
    Task(executorPreference: writer.executor, priority: .high) { [writer] in await writer.commit(group, then: tell) }
  }

  package func read(_ request: OwnerRead) async throws(StoreError) -> OwnerPage {
    try await ownerReader.read { session throws(SQLiteFailure) in try session.page(request) }
  }

  package func job(app: String, name: String) async throws(StoreError) -> Job? {
    try await apiReader.read { session throws(SQLiteFailure) in try session.job(app: app, name: name) }
  }

  package func jobs(app: String?, after: JobCursor?, limit: Int) async throws(StoreError) -> [Job] {
    try await apiReader.read { session throws(SQLiteFailure) in
      try session.jobs(app: app, after: after, limit: limit)
    }
  }

  package func definition(job: JobID, version: UInt32) async throws(StoreError) -> JobVersion? {
    try await apiReader.read { session throws(SQLiteFailure) in try session.definition(job, version) }
  }

  package func instance(_ id: InstanceID) async throws(StoreError) -> Instance? {
    try await apiReader.read { session throws(SQLiteFailure) in try session.instance(id) }
  }

  package func dueRecord(of job: JobID, by time: Timestamp) async throws(StoreError) -> Instance? {
    try await apiReader.read { session throws(SQLiteFailure) in try session.dueRecord(of: job, by: time) }
  }

  package func instances(
    _ filter: InstanceFilter, before: InstanceID?, limit: Int
  ) async throws(StoreError) -> [Instance] {
    try await apiReader.read { session throws(SQLiteFailure) in
      try session.instances(filter, before: before, limit: limit)
    }
  }

  package func attempts(of instance: InstanceID) async throws(StoreError) -> [PastAttempt] {
    try await apiReader.read { session throws(SQLiteFailure) in try session.attempts(of: instance) }
  }

  package func activeCounts() async throws(StoreError) -> [InstanceState: Int] {
    try await apiReader.read { session throws(SQLiteFailure) in try session.activeCounts() }
  }

  package func workers(after: String?, limit: Int) async throws(StoreError) -> [WorkerRecord] {
    try await apiReader.read { session throws(SQLiteFailure) in
      try session.workers(after: after, limit: limit, judged: true)
    }
  }

  package func policies() async throws(StoreError) -> [PolicyRevision] {
    try await apiReader.read { session throws(SQLiteFailure) in try session.policies() }
  }

  package func policy(app: String, revision: UInt64?) async throws(StoreError) -> PolicyRevision? {
    try await apiReader.read { session throws(SQLiteFailure) in try session.policy(app: app, revision: revision) }
  }

  package func ended(
    before time: Timestamp, after: InstanceID?, below: InstanceID, limit: Int
  ) async throws(StoreError) -> [EndedInstance] {
    try await apiReader.read { session throws(SQLiteFailure) in
      try session.ended(before: time, after: after, below: below, limit: limit)
    }
  }

  package func ended(of job: JobID, beyond count: Int, limit: Int) async throws(StoreError) -> [EndedInstance] {
    try await apiReader.read { session throws(SQLiteFailure) in
      try session.ended(of: job, beyond: count, limit: limit)
    }
  }

  package func deletedJobs(
    before time: Timestamp, after: JobID?, limit: Int
  ) async throws(StoreError) -> [JobID] {
    try await apiReader.read { session throws(SQLiteFailure) in
      try session.deletedJobs(before: time, after: after, limit: limit)
    }
  }

  package func tokens() async throws(StoreError) -> [TokenRecord] {
    try await apiReader.read { session throws(SQLiteFailure) in try session.tokens() }
  }

  package func audit(
    _ filter: AuditFilter, before: UInt64?, limit: Int
  ) async throws(StoreError) -> [AuditRecord] {
    try await apiReader.read { session throws(SQLiteFailure) in
      try session.audit(filter, before: before, limit: limit)
    }
  }

  package func apps() async throws(StoreError) -> [AppSummary] {
    try await apiReader.read { session throws(SQLiteFailure) in try session.apps() }
  }

  /// Ends what is in flight, closes the file and lets go of the lock. What comes later is refused.
  package func close() async {
    idleWatch.cancel()
    await ownerReader.close()
    await apiReader.close()
    await writer.close()
    lock.withLock { $0 = nil }
  }
}

extension Reader.Session {
  fileprivate func page(_ request: OwnerRead) throws(SQLiteFailure) -> OwnerPage {
    switch request {
    case .dueJobs(let shard, let until, let after, let limit):
      .jobs(try dueJobs(shard, until: until, after: after, limit: limit))
    case .waiting(let shard, let readyBy, let after, let limit):
      .instances(try waiting(shard, readyBy: readyBy, after: after, limit: limit))
    case .placed(let shard, let after, let limit): .instances(try placed(shard, after: after, limit: limit))
    case .queued(let shard, let after, let limit): .instances(try queued(shard, after: after, limit: limit))
    case .instance(let id): .instances(try active(id))
    case .job(let id): .jobs(try job(id))
    case .workers(let after, let limit): .workers(try workers(after: after, limit: limit, judged: false))
    case .worker(let name): .workers(try worker(name: name))
    }
  }
}
