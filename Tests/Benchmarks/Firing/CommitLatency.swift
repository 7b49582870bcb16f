import Foundation
import Glibc
import SwitchyardModel
import SwitchyardStorage
import SwitchyardStorageSQLite

/// How long a commit of one operation takes until it is durable, beside what the disk needs for as many bytes: written
/// over what is there, and at the end of a file that grows. The three take turns, so that they meet the same disk.
enum CommitLatency {
  private static let rounds = 1_000
  private static let page = [UInt8](repeating: 0x5A, count: 4_096)

  static func run() async throws {
    let directory = NSTemporaryDirectory() + "switchyard-bench-commits-\(getpid())"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let loader = try await JobLoader(directory: directory)
    _ = try await loader.load(1, named: "job") { _ in loader.quietTime() }
    guard let job = try await loader.store.job(app: "default", name: "job-0") else { throw BenchError("no job") }
    let over = try BareFile("\(directory)/over", pages: 16_384)
    let append = try BareFile("\(directory)/append", pages: 0)
    var commits: [Double] = []
    var overwrites: [Double] = []
    var appends: [Double] = []
    // The log has to be as long as it becomes before it is written over.
    for round in -200..<rounds {
      usleep(2_000)
      let commit = try await milliseconds { try await loader.submit(job) }
      let overwrite = try await milliseconds { try over.write(pages: 5) }
      let appended = try await milliseconds { try append.write(pages: 5) }
      guard round >= 0 else { continue }
      commits.append(commit)
      overwrites.append(overwrite)
      appends.append(appended)
    }
    await loader.close()
    for (name, times) in [
      ("commit_of_one", commits), ("bare_overwrite", overwrites), ("bare_append", appends),
    ] {
      let sorted = times.sorted()
      Figure.report("\(name)_p50", percentile(sorted, 0.5), "ms")
      Figure.report("\(name)_p99", percentile(sorted, 0.99), "ms")
    }
  }

  private static func milliseconds(_ body: () async throws -> Void) async throws -> Double {
    let began = ContinuousClock.now
    try await body()
    let time = (ContinuousClock.now - began).components
    return Double(time.seconds) * 1e3 + Double(time.attoseconds) / 1e15
  }

  /// A file that is written page by page and synced, as a log is.
  private final class BareFile {
    private let descriptor: Int32
    private var position = 0
    private let limit: Int

    init(_ path: String, pages: Int) throws {
      descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o600)
      guard descriptor >= 0 else { throw BenchError("\(path) cannot be made") }
      limit = pages * page.count
      for number in 0..<pages { pwrite(descriptor, page, page.count, number * page.count) }
      fsync(descriptor)
    }

    deinit { close(descriptor) }

    func write(pages: Int) throws {
      if limit > 0, position + pages * page.count > limit { position = 0 }
      for _ in 0..<pages {
        guard pwrite(descriptor, page, page.count, position) == page.count else { throw BenchError("the disk is full") }
        position += page.count
      }
      guard fdatasync(descriptor) == 0 else { throw BenchError("the disk does not sync") }
    }
  }
}
