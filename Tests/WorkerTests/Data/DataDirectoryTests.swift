import Foundation
import Glibc
import SwitchyardModel
import Testing

@testable import SwitchyardWorker

struct DataDirectoryTests {
  @Test func keepsItsLineageAndCountsStarts() throws {
    let temporary = try TemporaryDirectory()
    let path = temporary.path + "/a/b"
    let lineage: UInt64
    let first: UInt64
    do {
      let directory = try DataDirectory(path: path)
      lineage = directory.lineage
      first = try directory.nextIncarnation(at: Timestamp(seconds: 1000))
      #expect(first == 1_000_000)
      #expect(try directory.nextIncarnation(at: Timestamp(seconds: 1000)) == first + 1)
    }
    let again = try DataDirectory(path: path)
    #expect(again.lineage == lineage)
    // The clock was set back meanwhile.
    #expect(try again.nextIncarnation(at: Timestamp(seconds: 500)) == first + 2)
    #expect(try again.nextIncarnation(at: Timestamp(seconds: 2000)) == 2_000_000)
  }

  @Test func isForOneWorker() throws {
    let temporary = try TemporaryDirectory()
    let first = try DataDirectory(path: temporary.path)
    let error = #expect(throws: WorkerError.self) { try DataDirectory(path: temporary.path) }
    #expect(error?.code == .directoryInUse)
    _ = first
  }

  @Test func theLockTellsThatSomethingRuns() throws {
    let temporary = try TemporaryDirectory()
    let shim = open(temporary.path + "/worker.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    flock(shim, LOCK_EX)
    let directory = try DataDirectory(path: temporary.path)
    #expect(!directory.takeLock())
    close(shim)
    #expect(directory.takeLock())
  }

  @Test func damageIsNamed() throws {
    let temporary = try TemporaryDirectory()
    try "seven\n".write(toFile: temporary.path + "/lineage", atomically: true, encoding: .utf8)
    let error = #expect(throws: WorkerError.self) { try DataDirectory(path: temporary.path) }
    #expect(error?.code == .dataDirectory)
    #expect(error?.message.contains("lineage must hold a number, found \"seven\\n\"") == true)
    let other = #expect(throws: WorkerError.self) { try DataDirectory(path: "/proc/nothing/here") }
    #expect(other?.code == .dataDirectory)
  }
}
