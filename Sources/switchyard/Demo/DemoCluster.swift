import Foundation
import SwitchyardModel

/// The processes of the demonstration: one server, five workers, each a real one that can be killed.
final class DemoCluster {
  struct Worker {
    let name: String
    let site: String
    let weight: Int
  }

  static let workers = [
    Worker(name: "east-1", site: "east", weight: 5), Worker(name: "east-2", site: "east", weight: 3),
    Worker(name: "east-3", site: "east", weight: 2), Worker(name: "west-1", site: "west", weight: 3),
    Worker(name: "west-2", site: "west", weight: 2),
  ]

  let directory: String
  private let http: Int
  private let grpc: Int
  private var running: [String: Process] = [:]

  init() throws {
    directory = NSTemporaryDirectory() + "switchyard-demo-\(getpid())"
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    (http, grpc) = (try freePort(), try freePort())
  }

  var url: String { "http://127.0.0.1:\(http)" }

  func client() throws -> APIClient {
    let token = try String(contentsOfFile: "\(directory)/server/token", encoding: .utf8)
    return APIClient(url: url, token: token.trimmingCharacters(in: .whitespacesAndNewlines))
  }

  func startServer() throws {
    try start(
      "server",
      [
        "server", "--data", "\(directory)/server", "--http", "127.0.0.1:\(http)", "--grpc", "127.0.0.1:\(grpc)",
        "--lease", "4s", "--log-level", "warning",
      ])
  }

  func startWorkers() throws {
    for worker in Self.workers {
      try start(
        worker.name,
        [
          "worker", "--name", worker.name, "--data", "\(directory)/\(worker.name)", "--server", "127.0.0.1:\(grpc)",
          "--worker-token-file", "\(directory)/server/worker-token", "--site", worker.site,
          "--weight", "\(worker.weight)", "--slots", "64", "--log-level", "warning",
        ])
    }
  }

  /// With SIGKILL: it gets no chance to say good-bye.
  func kill(_ name: String) {
    guard let process = running.removeValue(forKey: name) else { return }
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// Ends everything, politely first, and takes away its files unless they are to be looked at.
  func end(keepFiles: Bool) {
    let processes = running.values
    for process in processes { process.terminate() }
    let deadline = Date().addingTimeInterval(10)
    while processes.contains(where: \.isRunning), Date() < deadline { usleep(20_000) }
    for process in processes where process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) }
    running = [:]
    if !keepFiles { try? FileManager.default.removeItem(atPath: directory) }
  }

  /// Waits until the server answers and all who should be there are.
  func ready(workers: Int, within seconds: Double = 30) async throws {
    let deadline = Date().addingTimeInterval(seconds)
    var last = "the server did not come up"
    while Date() < deadline {
      if let client = try? client(), let value = try? await client.get("/workers") {
        let live = (value["workers"]?.arrayValue ?? []).filter { $0["state"] == "running" }.count
        if live >= workers { return }
        last = "\(live) of \(workers) workers are there"
      }
      try await Task.sleep(for: .milliseconds(50))
    }
    throw CLIError("\(last) after \(Int(seconds)) s; see the logs in \(directory)")
  }

  private func start(_ name: String, _ arguments: [String]) throws {
    let log = "\(directory)/\(name).log"
    if !FileManager.default.fileExists(atPath: log) { _ = FileManager.default.createFile(atPath: log, contents: nil) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: CommandLine.executablePath)
    process.arguments = arguments
    let output = FileHandle(forWritingAtPath: log)
    try output?.seekToEnd()
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    running[name] = process
  }
}

/// A TCP port of loopback that nobody uses now.
private func freePort() throws -> Int {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  defer { close(descriptor) }
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  var length = socklen_t(MemoryLayout<sockaddr_in>.size)
  let bound = withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
    }
  }
  guard bound else { throw CLIError("no free port on 127.0.0.1: \(String(cString: strerror(errno)))") }
  return Int(UInt16(bigEndian: address.sin_port))
}
