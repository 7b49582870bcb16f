import Foundation
import StorageConformance
import SwitchyardModel
import SwitchyardStorage
import SwitchyardStorageSQLite
import Testing

@Suite struct SQLiteStoreTests {
  @Test(arguments: ConformanceCase.all)
  func conforms(_ rule: ConformanceCase) async throws {
    try await withStore { store, _ in try await rule.check(store) }
  }

  /// In a few parts that run side by side: a store takes threads and descriptors.
  @Test(arguments: 0..<UInt64(6))
  func doesWhatTheModelDoes(part: UInt64) async throws {
    for seed in part * 50 + 1...part * 50 + 50 {
      try await withStore { store, _ in try await RandomHistory(seed: seed).check(store) }
    }
  }
}

/// Runs a test on a new store, in memory where the system has a file system for that.
func withStore(
  _ options: SQLiteOptions = SQLiteOptions(), _ body: (SQLiteStore, String) async throws -> Void
) async throws {
  try await withDirectory { path in
    let store = try SQLiteStore.open(at: path, options: options)
    do { try await body(store, path) } catch {
      await store.close()
      throw error
    }
    await store.close()
  }
}

/// A directory that is removed when the test is over.
func withDirectory(_ body: (String) async throws -> Void) async throws {
  let memory = URL(fileURLWithPath: "/dev/shm", isDirectory: true)
  let base = FileManager.default.isWritableFile(atPath: memory.path) ? memory : FileManager.default.temporaryDirectory
  let directory = base.appendingPathComponent("switchyard-test-\(UUID().uuidString)")
  defer { try? FileManager.default.removeItem(at: directory) }
  try await body(directory.path)
}

/// In bytes; nil when there is no such file.
func fileSize(_ path: String) -> Int? {
  var information = stat()
  return stat(path, &information) == 0 ? Int(information.st_size) : nil
}
