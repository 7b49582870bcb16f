import CSQLite
import Foundation
import StorageConformance
import SwitchyardModel
import SwitchyardStorage
import SwitchyardStorageSQLite
import Testing

/// What happens to files, and what the store, its check and its backup say of it.
@Suite struct SQLiteDamageTests {
  private let server = ServerRef(id: "s", incarnation: 1)

  /// A closed store with so many jobs.
  private func make(_ path: String, jobs: UInt64 = 300) async throws {
    let store = try SQLiteStore.open(at: path)
    let epochs = try await store.claim(Shard.all, for: server).shards
    let ops = (1...jobs).map { number in
      let job = sampleJob(number)
      return StoreOp(.shard(job.shard, epochs[Int(job.shard.number)].epoch), .createJob(job))
    }
    _ = await store.commit(CommitGroup(server: server, ops: ops))
    await store.close()
  }

  private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

  private func change(_ path: String, _ change: (inout Data) -> Void) throws {
    var data = try bytes(path)
    change(&data)
    try data.write(to: URL(fileURLWithPath: path))
  }

  private func openError(_ path: String) async -> StoreError? {
    do throws(StoreError) {
      await (try SQLiteStore.open(at: path)).close()
      return nil
    } catch {
      return error
    }
  }

  private func findings(_ path: String, quick: Bool = false) throws -> [StoreCheck.Finding] {
    let check = try StoreCheck(at: path, quick: quick)
    return try check.steps.flatMap { try check.run($0) }
  }

  @Test("a file that was cut off is refused at the start")
  func refusesATruncatedFile() async throws {
    try await withDirectory { path in
      try await make(path)
      try change("\(path)/switchyard.db") { $0.removeLast($0.count / 3) }
      let error = await openError(path)
      #expect(error?.code == .corrupt)
      #expect(error?.message.contains("put back a backup") == true)
      let checked = #expect(throws: StoreError.self) { try findings(path) }
      #expect(checked?.code == .corrupt)
    }
  }

  @Test("a header that was overwritten is refused at the start", arguments: [0, 16, 100])
  func refusesADamagedHeader(offset: Int) async throws {
    try await withDirectory { path in
      try await make(path)
      try change("\(path)/switchyard.db") { data in
        for index in offset..<(offset + 8) { data[index] = 0xA5 }
      }
      let error = await openError(path)
      #expect(error?.code == .corrupt, "\(String(describing: error))")
    }
  }

  @Test("a page that was overwritten is found by the check")
  func findsDamagedPages() async throws {
    try await withDirectory { path in
      try await make(path)
      #expect(try findings(path).isEmpty)
      try change("\(path)/switchyard.db") { data in
        let page = data.count / 4096 / 2 * 4096
        for index in page..<(page + 64) { data[index] = 0xA5 }
      }
      #expect(try !findings(path).isEmpty)
      #expect(try !findings(path, quick: true).isEmpty)
    }
  }

  @Test("a log that is no log is left out, and the store is as it was at its last checkpoint")
  func ignoresAGarbageLog() async throws {
    try await withDirectory { path in
      try await make(path)
      try Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 167) }).write(
        to: URL(fileURLWithPath: "\(path)/switchyard.db-wal"))
      let store = try SQLiteStore.open(at: path)
      #expect(try await store.jobs(app: nil, after: nil, limit: 999).count == 300)
      await store.close()
      #expect(try findings(path).isEmpty)
    }
  }

  @Test("rows that contradict each other are found, each by its rule")
  func findsContradictions() async throws {
    let spoilt: [(sql: String, problem: String)] = [
      ("DELETE FROM job_versions WHERE job = 7", "jobs without their current definition"),
      ("INSERT INTO job_versions VALUES (999999, 1, '{}')", "definitions of a job that is not there"),
      ("UPDATE jobs SET state = 9 WHERE id = 7", "jobs in no known state"),
      ("UPDATE jobs SET state = 2, next_fire = 5 WHERE id = 7", "deleted jobs that are due"),
      ("UPDATE jobs SET next_fire = -86400000000001 WHERE id = 7", "jobs due before they were made"),
      ("UPDATE jobs SET chain = 12345 WHERE id = 7", "fixed delays that nobody continues"),
      ("UPDATE job_versions SET spec = '{' WHERE job = 7", "definitions that cannot be read"),
      ("UPDATE jobs SET shard = (shard + 1) % 256 WHERE id = 7", "jobs in the wrong shard"),
      ("UPDATE shards SET epoch = 0 WHERE number = 7", "shards without an epoch"),
      (
        "INSERT INTO past_attempts VALUES (7, 1, 'w', 1, 1, 1, 1, 1, NULL)", "attempts of an instance that is not there"
      ),
      (Self.instance(job: 999_999, state: 0), "instances of a job that is not there"),
      (Self.instance(version: 9, state: 0), "instances without their definition"),
      (Self.instance(state: 99), "instances in no known state"),
      (Self.instance(state: 1), "placed instances without a worker"),
      (Self.instance(state: 10), "instances that are over and have no end"),
    ]
    try await withDirectory { path in
      for (sql, problem) in spoilt {
        try await make(path, jobs: 20)
        try execute(sql, at: path)
        let found = try findings(path)
        #expect(found.contains { $0.problem.hasPrefix(problem) && $0.count == 1 }, "\(sql): \(found)")
        try FileManager.default.removeItem(atPath: path)
      }
    }
  }

  private static func instance(job: Int = 7, version: Int = 1, state: Int) -> String {
    """
    INSERT INTO instances (id, job, job_version, app, shard, state, attempt, tries, priority, rank, ready_at, due_at,
      created_at) VALUES (900000, \(job), \(version), 'a', 1, \(state), 0, 0, 0, 0, 0, 0, 0)
    """
  }

  private func execute(_ sql: String, at path: String) throws {
    var handle: OpaquePointer?
    defer { sqlite3_close(handle) }
    #expect(sqlite3_open("\(path)/switchyard.db", &handle) == SQLITE_OK)
    #expect(sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK, "\(sql): \(String(cString: sqlite3_errmsg(handle)))")
  }

  @Test func saysWhereThereIsNothingToCheck() async throws {
    try await withDirectory { path in
      #expect(throws: StoreError.self) { try StoreCheck(at: path, quick: true) }
      #expect(!FileManager.default.fileExists(atPath: "\(path)/switchyard.db"))
    }
  }

  @Test("a backup that is made while the store is written is one of its states, and a server goes on with it")
  func backsUpALiveStore() async throws {
    try await withStore { store, path in
      let epochs = try await store.claim(Shard.all, for: server).shards
      let writer = Task {
        for group in 0..<400 as Range<UInt64> {
          let ops = (1...5 as ClosedRange<UInt64>).map { number in
            let job = sampleJob(group * 5 + number)
            return StoreOp(.shard(job.shard, epochs[Int(job.shard.number)].epoch), .createJob(job))
          }
          #expect(await store.commit(CommitGroup(server: server, ops: ops)) == .done(ops.map { _ in .applied }))
        }
      }
      // Something is there, and more comes.
      while try await store.jobs(app: nil, after: nil, limit: 99).count < 50 { await Task.yield() }
      let copy = "\(path)/copy"
      try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
      var steps = 0
      try StoreBackup.run(from: path, to: "\(copy)/switchyard.db") { done, total in
        #expect(done <= total)
        steps += 1
      }
      #expect(steps > 0)
      await writer.value
      #expect(try !FileManager.default.contentsOfDirectory(atPath: copy).contains { $0.hasSuffix(".partial") })
      let error = #expect(throws: StoreError.self) { try StoreBackup.run(from: path, to: "\(copy)/switchyard.db") }
      #expect(error?.message.contains("nothing is overwritten") == true)
      #expect(try findings(copy).isEmpty)

      let restored = try SQLiteStore.open(at: copy)
      let jobs = try await restored.jobs(app: nil, after: nil, limit: 9_999)
      #expect(jobs.count >= 50 && jobs.count.isMultiple(of: 5), "\(jobs.count) jobs: groups are whole")
      let next = ServerRef(id: "s", incarnation: 2)
      let claim = try await restored.claim(Shard.all, for: next)
      let job = sampleJob(50_000)
      let op = StoreOp(.shard(job.shard, claim.shards[Int(job.shard.number)].epoch), .createJob(job))
      #expect(await restored.commit(CommitGroup(server: next, ops: [op])) == .done([.applied]))
      await restored.close()
    }
  }

  @Test func removesTheBackupThatFailed() async throws {
    try await withDirectory { path in
      try await make(path)
      #expect(throws: StoreError.self) { try StoreBackup.run(from: path, to: "\(path)/no/such/place") }
      #expect(throws: StoreError.self) { try StoreBackup.run(from: "\(path)/elsewhere", to: "\(path)/file") }
      #expect(!FileManager.default.fileExists(atPath: "\(path)/file"))
      #expect(!FileManager.default.fileExists(atPath: "\(path)/file.partial"))
    }
  }
}
