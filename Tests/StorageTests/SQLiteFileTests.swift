import Foundation
import SwitchyardModel
import SwitchyardStorage
import SwitchyardStorageSQLite
import Testing

@Suite struct SQLiteFileTests {
  private let server = ServerRef(id: "s", incarnation: 1)

  @Test func keepsWhatItHasAcrossStarts() async throws {
    try await withDirectory { path in
      let deep = "\(path)/a/b/c"
      var store = try SQLiteStore.open(at: deep)
      var epochs = try await store.claim(Shard.all, for: server).shards
      let job = sampleJob()
      let create = StoreOp(.shard(job.shard, epochs[Int(job.shard.number)].epoch), .createJob(job))
      #expect(await store.commit(CommitGroup(server: server, ops: [create])) == .done([.applied]))
      await store.close()
      #expect(!FileManager.default.fileExists(atPath: "\(deep)/switchyard.db-wal"))
      let attributes = try FileManager.default.attributesOfItem(atPath: "\(deep)/switchyard.db")
      #expect(attributes[.posixPermissions] as? Int == 0o600)

      store = try SQLiteStore.open(at: deep)
      #expect(try await store.job(app: "a", name: "j") == job)
      // The last start is still the one that may write, until it claims anew.
      #expect(await store.commit(CommitGroup(server: server, ops: [create])) == .done([.duplicate(1)]))
      let next = ServerRef(id: "s", incarnation: 2)
      epochs = try await store.claim(Shard.all, for: next).shards
      #expect(epochs.allSatisfy { $0.epoch == 2 })
      #expect(await store.commit(CommitGroup(server: server, ops: [create])) == .expelled)
      #expect(await store.commit(CommitGroup(server: next, ops: [create])) == .done([.fenced]))
      await store.close()
    }
  }

  @Test func refusesASecondServerAndNamesTheFirst() async throws {
    try await withStore { _, path in
      let error = #expect(throws: StoreError.self) { try SQLiteStore.open(at: path) }
      #expect(error?.code == .inUse)
      #expect(error?.message.contains("process \(ProcessInfo.processInfo.processIdentifier) ") == true)
    }
  }

  @Test func canBeOpenedAgainWhenItWasClosed() async throws {
    try await withDirectory { path in
      for _ in 0..<3 {
        let store = try SQLiteStore.open(at: path)
        await store.close()
        await #expect(throws: StoreError.closed) { try await store.activeCounts() }
        await #expect(throws: StoreError.closed) { try await store.claim([], for: server) }
        let outcome = await store.commit(CommitGroup(server: server, ops: []))
        #expect(outcome == .aborted(StoreError.closed.message))
      }
    }
  }

  @Test func refusesAStoreOfALaterProgram() async throws {
    try await withDirectory { path in
      let store = try SQLiteStore.open(at: path)
      await store.close()
      try overwrite("\(path)/switchyard.db", at: 60, with: [0, 0, 1, 44])
      let error = #expect(throws: StoreError.self) { try SQLiteStore.open(at: path) }
      #expect(error?.code == .tooNew)
      #expect(error?.message.contains("schema version 300") == true)
    }
  }

  @Test("a file of another program, or of no program, is left alone", arguments: [true, false])
  func refusesForeignFiles(isDatabase: Bool) async throws {
    try await withDirectory { path in
      let store = try SQLiteStore.open(at: path)
      await store.close()
      let file = "\(path)/switchyard.db"
      if isDatabase {
        try overwrite(file, at: 68, with: [1, 2, 3, 4])
      } else {
        let diary = "Dear diary, today nothing happened that belongs into a database."
        try Data(diary.utf8).write(to: URL(fileURLWithPath: file))
      }
      let before = try Data(contentsOf: URL(fileURLWithPath: file))
      let error = #expect(throws: StoreError.self) { try SQLiteStore.open(at: path) }
      #expect(error?.code == .corrupt)
      #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == before)
    }
  }

  @Test func saysSoWhenPagesAreDamaged() async throws {
    try await withDirectory { path in
      var store = try SQLiteStore.open(at: path)
      let epochs = try await store.claim(Shard.all, for: server).shards
      for number in 1...UInt64(200) {
        let job = sampleJob(number)
        let owner = StoreOp.Authority.shard(job.shard, epochs[Int(job.shard.number)].epoch)
        _ = await store.commit(CommitGroup(server: server, ops: [StoreOp(owner, .createJob(job))]))
      }
      await store.close()
      let file = "\(path)/switchyard.db"
      let size = try #require(FileManager.default.attributesOfItem(atPath: file)[.size] as? Int)
      // All but the first page, which holds the schema's root.
      try overwrite(file, at: 4096 * 3, with: [UInt8](repeating: 0xA5, count: size - 4096 * 3))
      var found: StoreError?
      do throws(StoreError) {
        store = try SQLiteStore.open(at: path)
        do throws(StoreError) { _ = try await store.jobs(app: nil, after: nil, limit: 999) } catch { found = error }
        await store.close()
      } catch {
        found = error
      }
      #expect(found?.code == .corrupt)
    }
  }

  @Test func saysWhichDirectoryCannotBeMade() async throws {
    try await withDirectory { path in
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      try Data().write(to: URL(fileURLWithPath: "\(path)/file"))
      let error = #expect(throws: StoreError.self) { try SQLiteStore.open(at: "\(path)/file/below") }
      #expect(error?.message.contains("\(path)/file") == true)
    }
  }

  private func overwrite(_ path: String, at offset: Int, with bytes: [UInt8]) throws {
    let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    try handle.seek(toOffset: UInt64(offset))
    try handle.write(contentsOf: Data(bytes))
    try handle.close()
  }
}

func sampleJob(_ number: UInt64 = 1) -> Job {
  let time = Timestamp(seconds: 1)
  return Job(
    id: JobID(rawValue: number), app: "a",
    spec: JobSpec(name: number == 1 ? "j" : "j\(number)", processor: .noop(duration: .zero)), anchor: time,
    createdAt: time, updatedAt: time)
}
