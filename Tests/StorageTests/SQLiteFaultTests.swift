import CSQLite
import SwitchyardModel
import SwitchyardStorage
import SwitchyardStorageSQLite
import Synchronization
import Testing

@Suite struct SQLiteFaultTests {
  @Test("an operation that the database refuses fails alone")
  func isolatesAPoisonousOperation() async throws {
    let notices = Notices()
    try await withStore(notices.options) { store, path in
      let desk = try await Desk(store)
      // Stands for any statement that fails by its own fault.
      try execute(
        "CREATE TRIGGER t BEFORE INSERT ON instances WHEN new.id = 3 BEGIN SELECT raise(ABORT, 'no'); END",
        at: path)
      let results = await desk.commit(
        .createInstance(desk.instance(2), nil), .createInstance(desk.instance(3), nil), desk.dispatch(3),
        .createInstance(desk.instance(4), nil), desk.dispatch(4))
      #expect(results == .done([.applied, .conflict, .conflict, .applied, .applied]))
      #expect(try await store.instance(InstanceID(rawValue: 3)) == nil)
      #expect(try await store.instance(InstanceID(rawValue: 4))?.state == .dispatched)
      #expect(notices.all.count == 1)
    }
  }

  @Test("a full disk aborts the commit, and writing goes on when there is room")
  func survivesAFullDisk() async throws {
    let code = Mutex<Int32?>(nil)
    var options = SQLiteOptions()
    options.faults.beforeCommit = { code.withLock { $0 } }
    try await withStore(options) { store, _ in
      let desk = try await Desk(store)
      for fault in [SQLITE_FULL, SQLITE_READONLY, SQLITE_BUSY] {
        code.withLock { $0 = fault }
        guard case .aborted(let text) = await desk.commit(.createInstance(desk.instance(2), nil)) else {
          Issue.record("a commit that failed with \(fault) was not aborted")
          return
        }
        #expect(text.contains("switchyard.db"))
        #expect(try await store.instance(InstanceID(rawValue: 2)) == nil)
      }
      await #expect(throws: StoreError.self) { try await store.claim([], for: desk.server) }
      code.withLock { $0 = nil }
      #expect(await desk.commit(.createInstance(desk.instance(2), nil)) == .done([.applied]))
    }
  }

  @Test("after an error of the disk in COMMIT nobody knows, and the store recovers", arguments: [true, false])
  func recoversFromAnUnknownOutcome(applied: Bool) async throws {
    let code = Mutex<Int32?>(nil)
    let notices = Notices()
    var options = notices.options
    if applied {
      options.faults.afterCommit = { code.withLock { $0 } }
    } else {
      options.faults.beforeCommit = { code.withLock { $0 } }
    }
    try await withStore(options) { store, _ in
      let desk = try await Desk(store)
      code.withLock { $0 = SQLITE_IOERR | (4 << 8) }
      guard case .unknown = await desk.commit(.createInstance(desk.instance(2), nil)) else {
        Issue.record("the outcome should be unknown")
        return
      }
      code.withLock { $0 = nil }
      let next = try await Desk(store, isNew: false)
      #expect(try await store.instance(InstanceID(rawValue: 2)) == (applied ? desk.instance(2) : nil))
      #expect(await desk.commit(.createInstance(desk.instance(2), nil)) == .done([.fenced]))
      #expect(await next.commit(.createInstance(desk.instance(2), nil)) == .done([applied ? .duplicate(2) : .applied]))
      #expect(notices.all.count == 2)
    }
  }

  @Test("the log is copied beside the commits and begins anew")
  func boundsTheLog() async throws {
    var options = SQLiteOptions()
    options.checkpointPages = 64
    try await withStore(options) { store, path in
      let desk = try await Desk(store)
      for number in 2..<UInt64(3_000) {
        #expect(await desk.commit(.createInstance(desk.instance(number), nil)) == .done([.applied]))
      }
      let log = try #require(fileSize("\(path)/switchyard.db-wal"))
      // 3,000 commits of some 8 pages would be 100 MB.
      #expect(log < 32_000_000)
    }
  }

  @Test("when nothing happens the log is copied, and keeps its room for what comes")
  func copiesAnIdleLog() async throws {
    var options = SQLiteOptions()
    options.idleAfter = .milliseconds(5)
    try await withStore(options) { store, path in
      let desk = try await Desk(store)
      #expect(await desk.commit(.createInstance(desk.instance(2), nil)) == .done([.applied]))
      while try countInFileAlone("\(path)/switchyard.db") != 1 { await Task.yield() }
      let room = try #require(fileSize("\(path)/switchyard.db-wal"))
      for number in 3...12 as ClosedRange<UInt64> {
        #expect(await desk.commit(.createInstance(desk.instance(number), nil)) == .done([.applied]))
        while try countInFileAlone("\(path)/switchyard.db") != Int32(number) - 1 { await Task.yield() }
      }
      #expect(fileSize("\(path)/switchyard.db-wal") == room, "begins anew each time")
    }
  }

  /// How many instances the database has without its log.
  private func countInFileAlone(_ path: String) throws -> Int32 {
    var handle: OpaquePointer?
    defer { sqlite3_close(handle) }
    guard
      sqlite3_open_v2("file:\(path)?immutable=1", &handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nil) == SQLITE_OK
    else { return -1 }
    var statement: OpaquePointer?
    defer { sqlite3_finalize(statement) }
    // Nothing is there yet, or a page is just being copied.
    guard sqlite3_prepare_v2(handle, "SELECT count(*) FROM instances", -1, &statement, nil) == SQLITE_OK,
      sqlite3_step(statement) == SQLITE_ROW
    else { return -1 }
    return sqlite3_column_int(statement, 0)
  }

  private func execute(_ sql: String, at path: String) throws {
    var handle: OpaquePointer?
    #expect(sqlite3_open("\(path)/switchyard.db", &handle) == SQLITE_OK)
    #expect(sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK)
    sqlite3_close(handle)
  }
}

/// Collects what the store reports.
private final class Notices: Sendable {
  private let collected = Mutex<[String]>([])
  var all: [String] { collected.withLock { $0 } }

  var options: SQLiteOptions {
    var options = SQLiteOptions()
    options.notice = { notice in self.collected.withLock { $0.append("\(notice)") } }
    return options
  }
}

/// A server that owns job 1.
private struct Desk {
  let store: SQLiteStore
  let server = ServerRef(id: "s", incarnation: 1)
  let owner: StoreOp.Authority
  private let time = Timestamp(seconds: 1)

  init(_ store: SQLiteStore, isNew: Bool = true) async throws {
    self.store = store
    let job = sampleJob()
    let claim = try await store.claim([job.shard], for: server)
    owner = .shard(job.shard, claim.shards[0].epoch)
    if isNew { #expect(await commit(.createJob(job)) == .done([.applied])) }
  }

  func commit(_ verbs: StoreOp.Verb...) async -> CommitOutcome {
    await store.commit(CommitGroup(server: server, ops: verbs.map { StoreOp(owner, $0) }))
  }

  func instance(_ number: UInt64) -> Instance {
    let id = InstanceID(rawValue: number)
    return Instance(
      id: id, job: JobID(rawValue: 1), jobVersion: 1, app: "a", shard: Shard(of: JobID(rawValue: 1)),
      occurrence: .key("\(number)"), readyAt: time, dueAt: time, createdAt: time)
  }

  func dispatch(_ number: UInt64) -> StoreOp.Verb {
    .dispatch(
      Dispatch(
        instance: InstanceID(rawValue: number), expectedAttempt: 0, worker: WorkerRef(name: "w", incarnation: 1),
        at: time))
  }
}
