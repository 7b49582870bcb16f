import Foundation
import SwitchyardModel

/// A server and workers as real processes beside this program, in a directory of their own.
final class BenchCluster: @unchecked Sendable {
  let directory: String
  let http: UInt16
  let grpc: UInt16
  private(set) var processes: [String: Process] = [:]

  init() throws {
    directory = NSTemporaryDirectory() + "switchyard-bench-\(getpid())"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    (http, grpc) = (try HTTPConnection.freePort(), try HTTPConnection.freePort())
  }

  func startServer(_ options: [String] = []) throws {
    try start(
      "server",
      [
        "server", "--data", "\(directory)/server", "--http", "127.0.0.1:\(http)", "--grpc", "127.0.0.1:\(grpc)",
        "--log-level", "warning",
      ] + options)
  }

  /// A server, two workers, and a job `bench` that does nothing, which has run some times.
  func startWithJob(slots: Int) throws {
    try startServer()
    try ready(workers: 0)
    try startWorkers(2, slots: slots)
    try ready(workers: 2)
    let connection = try connect()
    _ = try connection.json("PUT", Self.job, body: #"{"name":"bench","processor":{"noop":{}}}"#)
    for _ in 0..<20 { _ = try connection.json("POST", "\(Self.job)/run?wait=10s", body: "{}") }
  }

  static let job = "/api/v1/apps/default/jobs/bench"

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

  /// How many instances have succeeded since the server's start.
  func succeeded() throws -> Int {
    Int(try connect().json("GET", "/api/v1/status")["sinceStart"]?["instances.succeeded"]?.integerValue ?? 0)
  }

  /// Waits until nothing is open any more; a figure of work that was lost would be worth nothing.
  ///
  /// - Parameter expected: how many must have succeeded since the server's start by then.
  func drain(expected: Int) throws {
    let connection = try connect()
    let deadline = Date().addingTimeInterval(120)
    while Date() < deadline {
      let status = try connection.json("GET", "/api/v1/status")
      let open = status["instances"]?.objectValue?.members.compactMap(\.value.integerValue).reduce(0, +) ?? 1
      if open == 0 {
        let done = status["sinceStart"]?["instances.succeeded"]?.integerValue ?? 0
        guard done >= expected else { throw BenchError("\(expected) were asked for and \(done) succeeded") }
        return
      }
      usleep(5_000)
    }
    throw BenchError("\(expected) were asked for and are not over after two minutes; logs are in \(directory)")
  }

  /// Calls `body` with every instance of the job, a page at a time.
  func forEachInstance(of job: String = "bench", _ body: (JSONValue) throws -> Void) throws {
    let connection = try connect()
    var before = ""
    while true {
      let page = try connection.json("GET", "/api/v1/instances?app=default&job=\(job)&limit=1000\(before)")
      for row in page["instances"]?.arrayValue ?? [] { try body(row) }
      guard let cursor = page["next"]?.stringValue else { return }
      before = "&cursor=\(cursor)"
    }
  }

  /// CPU seconds of all processes so far.
  var cpuSeconds: Double { processes.values.compactMap { Usage(of: $0)?.cpuSeconds }.reduce(0, +) }

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
