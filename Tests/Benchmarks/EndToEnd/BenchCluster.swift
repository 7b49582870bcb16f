import Foundation
import SwitchyardModel

/// A server and workers as real processes beside this program, in a directory of their own.
final class BenchCluster: @unchecked Sendable {
  let directory: String
  let http: UInt16
  private let grpc: UInt16
  private(set) var processes: [String: Process] = [:]

  init() throws {
    directory = NSTemporaryDirectory() + "switchyard-bench-\(getpid())"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    (http, grpc) = (try HTTPConnection.freePort(), try HTTPConnection.freePort())
  }

  func startServer() throws {
    try start(
      "server",
      [
        "server", "--data", "\(directory)/server", "--http", "127.0.0.1:\(http)", "--grpc", "127.0.0.1:\(grpc)",
        "--log-level", "warning",
      ])
  }

  func startWorkers(_ count: Int, slots: Int) throws {
    for number in 1...count {
      try start(
        "worker-\(number)",
        [
          "worker", "--name", "bench-\(number)", "--data", "\(directory)/worker-\(number)", "--server",
          "127.0.0.1:\(grpc)", "--worker-token-file", "\(directory)/server/worker-token", "--slots", "\(slots)",
          "--site", "bench", "--log-level", "warning",
        ])
    }
  }

  var token: String {
    let text = (try? String(contentsOfFile: "\(directory)/server/token", encoding: .utf8)) ?? ""
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  func connect() throws -> HTTPConnection { try HTTPConnection(port: http, token: token) }

  /// Waits until the server answers and so many workers run.
  func ready(workers: Int) throws {
    let deadline = Date().addingTimeInterval(30)
    while Date() < deadline {
      if let value = try? connect().json("GET", "/api/v1/workers"),
        (value["workers"]?.arrayValue ?? []).filter({ $0["state"] == "running" }).count >= workers
      {
        return
      }
      usleep(20_000)
    }
    throw BenchError("the cluster did not come up; its logs are in \(directory)")
  }

  /// Ends all processes; their files stay.
  func stop() {
    for process in processes.values { process.terminate() }
    for process in processes.values { process.waitUntilExit() }
    processes = [:]
  }

  func end() {
    stop()
    try? FileManager.default.removeItem(atPath: directory)
  }

  private func start(_ name: String, _ arguments: [String]) throws {
    let own = (CommandLine.arguments[0] as NSString).resolvingSymlinksInPath
    let process = Process()
    process.executableURL = URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("switchyard")
    process.arguments = arguments
    let log = "\(directory)/\(name).log"
    _ = FileManager.default.createFile(atPath: log, contents: nil)
    let handle = FileHandle(forWritingAtPath: log)
    process.standardOutput = handle
    process.standardError = handle
    process.standardInput = FileHandle.nullDevice
    try process.run()
    processes[name] = process
  }
}

struct BenchError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// What a process has used so far, from `/proc`.
struct Usage {
  var cpuSeconds: Double
  var residentBytes: Int

  init?(of process: Process) {
    let pid = process.processIdentifier
    guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
      let close = stat.lastIndex(of: ")"),
      let statm = try? String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8)
    else { return nil }
    let fields = stat[stat.index(after: close)...].split(separator: " ")
    let pages = statm.split(separator: " ")
    guard fields.count > 12, pages.count > 1, let user = Double(fields[11]), let system = Double(fields[12]),
      let resident = Int(pages[1])
    else { return nil }
    cpuSeconds = (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    residentBytes = resident * sysconf(Int32(_SC_PAGESIZE))
  }
}
