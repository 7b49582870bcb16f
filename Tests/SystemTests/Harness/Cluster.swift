import Foundation
import SwitchyardModel
import Testing

/// A server and workers as processes, in a directory of their own.
final class Cluster {
  let directory: String
  let http: Int
  let grpc: Int
  private let lease: String
  private var running: [String: ChildProcess] = [:]
  private var token = ""

  fileprivate init(lease: String) throws {
    self.lease = lease
    directory = NSTemporaryDirectory() + "switchyard-test-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    (http, grpc) = (try FreePorts.take(), try FreePorts.take())
  }

  var url: String { "http://127.0.0.1:\(http)" }
  var api: API { API(port: http, token: token) }
  /// The server's data directory, as one who is not the server reaches it.
  var data: String { (disk == nil ? "" : "/proc/\((try? process("server").pid) ?? 0)/root") + dataPath }
  private var dataPath: String { "\(directory)/server" }
  /// A file system of its own for the server's data; see ``startServer(onDisk:_:)``.
  private var disk: String?

  func process(_ name: String) throws -> ChildProcess {
    guard let process = running[name] else { throw Failure("there is no process \(name)") }
    return process
  }

  // MARK: Starting

  func startServer(_ options: [String] = []) async throws {
    try start("server", ["server"] + serverFlags + options)
    try await serverAnswers("server")
  }

  /// Starts the server with its data on a new file system in memory, that nobody else sees but by ``data``.
  ///
  /// - Parameter size: as `mount` takes it: `64m`.
  /// - Returns: false, and says so, when the system does not allow it.
  func startServer(onDisk size: String, _ options: [String] = []) async throws -> Bool {
    disk = size
    let mount = "mkdir -p \(dataPath) && mount -t tmpfs -o size=\(size),mode=700 none \(dataPath) || exit 77"
    try start(
      "server", with: "/usr/bin/env",
      ["unshare", "-m", "sh", "-c", "\(mount); exec \"$@\"", "sh", Programs.switchyard, "server"] + serverFlags
        + options
    )
    do { try await serverAnswers("server") } catch {
      guard try process("server").ended == .exit(77) || read("server.log").contains("unshare") else { throw error }
      print("skipped: this system does not let the tests mount a file system")
      return false
    }
    return true
  }

  /// Starts the server and does not wait for it.
  func launchServer(_ options: [String]) throws { try start("server", ["server"] + serverFlags + options) }

  /// `switchyard dev`: all in one process.
  func startDev(workers: Int = 2, _ options: [String] = []) async throws {
    try start("dev", ["dev", "--workers", "\(workers)"] + serverFlags + options)
    try await serverAnswers("dev")
    for number in 1..<(workers + 1) { try await workerIsThere("dev-\(number)") }
  }

  /// Starts a worker, or starts it again, and waits until the server gives it work.
  func startWorker(_ name: String, slots: Int = 16, _ options: [String] = []) async throws {
    let before = try await api.worker(name)?.text("incarnation")
    try launchWorker(name, slots: slots, options)
    try await workerIsThere(name, not: before)
  }

  /// Starts a worker and does not wait for it.
  func launchWorker(_ name: String, slots: Int = 16, _ options: [String] = []) throws {
    try start(
      name,
      [
        "worker", "--name", name, "--data", "\(directory)/\(name)", "--server", "127.0.0.1:\(grpc)",
        "--worker-token-file", "\(data)/worker-token", "--slots", "\(slots)", "--site", "test",
      ] + options)
  }

  func workerIsThere(_ name: String, not incarnation: String? = nil, within limit: Duration = .seconds(30)) async throws
  {
    try await eventually("worker \(name) runs", within: limit) {
      guard let worker = try await api.worker(name) else { return false }
      return worker.text("state") == "running" && worker.text("incarnation") != incarnation
    }
  }

  private var serverFlags: [String] {
    ["--data", dataPath, "--http", "127.0.0.1:\(http)", "--grpc", "127.0.0.1:\(grpc)", "--lease", lease]
  }

  private func start(_ name: String, with program: String = Programs.switchyard, _ arguments: [String]) throws {
    guard running[name]?.ended != nil || running[name] == nil else { throw Failure("\(name) runs already") }
    running[name] = try ChildProcess(
      program, arguments, environment: environment, output: logPath(name), errors: logPath(name))
  }

  private func serverAnswers(_ name: String) async throws {
    let process = try process(name)
    try await eventually("the server answers", within: .seconds(60)) {
      if let end = process.ended { throw Hopeless("\(name) ended at its start with \(end)\n\(tail(name))") }
      token = try String(contentsOfFile: "\(data)/token", encoding: .utf8).trimmingCharacters(
        in: .whitespacesAndNewlines)
      return try await api.get("/status").text("phase") == "owning"
    }
  }

  // MARK: Ending

  /// With SIGKILL: it gets no chance to say good-bye.
  func kill(_ name: String) async throws { try await process(name).killAndReap() }

  /// With SIGTERM.
  func terminate(_ name: String, within limit: Duration = .seconds(30)) async throws -> ChildProcess.End {
    let process = try process(name)
    process.signal(SIGTERM)
    return try await process.wait(within: limit)
  }

  func pause(_ name: String) throws { try process(name).signal(SIGSTOP) }

  func resume(_ name: String) throws { try process(name).signal(SIGCONT) }

  fileprivate func end(keepFiles: Bool) async {
    for process in running.values { process.signal(SIGKILL) }
    for process in running.values { _ = try? await process.wait() }
    if !keepFiles { try? FileManager.default.removeItem(atPath: directory) }
  }

  // MARK: What is around

  /// Settings of whoever runs the tests play no part.
  var environment: [String: String] {
    ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": directory, "LANG": "C.UTF-8"]
  }

  func path(_ name: String) -> String { "\(directory)/\(name)" }

  /// Writes a file of the test and returns its path.
  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    try text.write(toFile: path(name), atomically: true, encoding: .utf8)
    return path(name)
  }

  /// Empty while the file is not there.
  func read(_ name: String) -> String { (try? String(contentsOfFile: path(name), encoding: .utf8)) ?? "" }

  private func logPath(_ name: String) -> String { path("\(name).log") }

  fileprivate func tail(_ name: String) -> String {
    read("\(name).log").split(separator: "\n").suffix(25).map { "  \(name): \($0)" }.joined(separator: "\n")
  }

  fileprivate var tails: String { running.keys.sorted().map(tail).joined(separator: "\n") }
}

/// Runs a test with a cluster and ends all its processes afterwards, come what may.
///
/// - Parameter lease: how long a worker runs on without its server. Long where a test is not about it, so
///   that a slow machine loses nobody.
func withCluster(lease: String = "15s", _ body: (Cluster) async throws -> Void) async throws {
  let cluster = try Cluster(lease: lease)
  do {
    try await body(cluster)
    await cluster.end(keepFiles: false)
  } catch {
    await cluster.end(keepFiles: true)
    Issue.record("\(error)\nfiles are in \(cluster.directory); the last lines of the logs:\n\(cluster.tails)")
  }
}
