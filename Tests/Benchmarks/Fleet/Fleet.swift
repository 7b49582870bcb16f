import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import SwitchyardModel
import SwitchyardWire
import Synchronization

/// What a server spends on workers that have nothing to do: many streams in this process, each a worker that says hello,
/// and beats as the server tells it to.
///
/// Streams share connections; one stream on each is what real workers have. Both are measured where the limit on open
/// files lets it.
struct Fleet {
  private let workers: Int
  private let streamsPerConnection: Int

  static func run(arguments: [String]) async throws {
    let sizes = arguments.isEmpty ? [1_000, 10_000] : arguments.compactMap { Int($0) }
    raiseFileLimit()
    for size in sizes {
      if size <= 1_000 { try await Fleet(workers: size, streamsPerConnection: 1).measure() }
      try await Fleet(workers: size, streamsPerConnection: 100).measure()
    }
  }

  private static func raiseFileLimit() {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }

  private func measure(seconds: Double = 20) async throws {
    let cluster = try BenchCluster()
    defer { cluster.end() }
    try cluster.startServer()
    try cluster.ready(workers: 0)
    guard let server = cluster.processes["server"] else { throw BenchError("there is no server") }
    usleep(1_000_000)
    guard let empty = Usage(of: server) else { throw BenchError("the server has ended") }
    let token = try String(contentsOfFile: "\(cluster.directory)/server/worker-token", encoding: .utf8)
      .trimmingCharacters(in: .whitespacesAndNewlines)

    let welcome = Counter()
    let count = workers, perConnection = streamsPerConnection, port = Int(cluster.grpc)
    let beating = Task {
      try await withThrowingDiscardingTaskGroup { group in
        for first in stride(from: 0, to: count, by: perConnection) {
          let names = (first..<min(count, first + perConnection)).map { "sim-\($0)" }
          group.addTask {
            try await SimulatedWorkers(names: names, port: port, token: token).run {
              welcome.add()
            }
          }
          // Not all at the same moment: beats are spread as those of real workers are.
          try await Task.sleep(for: .milliseconds(3_000 * perConnection / count))
        }
      }
    }
    defer { beating.cancel() }
    let deadline = Date().addingTimeInterval(120)
    while welcome.value < count {
      guard Date() < deadline else {
        throw BenchError("\(welcome.value) of \(count) workers were welcome after two minutes")
      }
      try await Task.sleep(for: .milliseconds(50))
    }
    // What joining costs is not what being there costs.
    try await Task.sleep(for: .seconds(5))
    guard let before = Usage(of: server) else { throw BenchError("the server has ended") }
    try await Task.sleep(for: .seconds(seconds))
    guard let after = Usage(of: server) else { throw BenchError("the server has ended") }
    let labels = ["workers": "\(count)", "streams_per_connection": "\(perConnection)"]
    let cpu = (after.cpuSeconds - before.cpuSeconds) / seconds * 100
    Figure.report("fleet_server_cpu", cpu, "% of a core", labels)
    let memory = Double(after.residentBytes - empty.residentBytes) / Double(count) / 1_024
    Figure.report("fleet_server_memory", memory, "KiB a worker", labels)
  }
}

private final class Counter: Sendable {
  private let count = Atomic<Int>(0)
  func add() { count.add(1, ordering: .relaxed) }
  var value: Int { count.load(ordering: .relaxed) }
}

/// Workers on one connection.
private struct SimulatedWorkers {
  let names: [String]
  let port: Int
  let token: String

  func run(_ welcome: @escaping @Sendable () -> Void) async throws {
    var config = HTTP2ClientTransport.Posix.Config.defaults
    config.connection.flushCoalescing = nil
    let transport = try HTTP2ClientTransport.Posix(
      target: .dns(host: "127.0.0.1", port: port), transportSecurity: .plaintext, config: config)
    try await withGRPCClient(transport: transport) { client in
      try await withThrowingDiscardingTaskGroup { group in
        for name in names { group.addTask { try await work(as: name, client, welcome) } }
      }
    }
  }

  /// Says hello, then beats.
  private func work(
    as name: String, _ client: GRPCClient<HTTP2ClientTransport.Posix>, _ welcome: @escaping @Sendable () -> Void
  ) async throws {
    let (period, periods) = AsyncStream<Duration>.makeStream()
    try await WireWorkerService.Client(wrapping: client).session(
      metadata: ["authorization": "Bearer \(token)"],
      requestProducer: { writer in
        try await writer.write(Self.frame(.hello(Self.hello(name))))
        for await every in period {
          var sequence: UInt64 = 0
          while true {
            try await Task.sleep(for: every)
            sequence += 1
            try await writer.write(Self.frame(.heartbeat(Heartbeat(sequence: sequence, used: 0))))
          }
        }
      },
      onResponse: { response in
        for try await frame in response.messages {
          for message in frame.messages {
            switch message.kind {
            case .welcome(let welcomed):
              periods.yield(.milliseconds(Int64(welcomed.heartbeatEveryMs)))
              welcome()
            case .refused(let refused): throw BenchError("\(name) was refused: \(refused.message)")
            default: break
            }
          }
        }
      })
  }

  private static func frame(_ message: WorkerMessage) -> WireWorkerFrame {
    var frame = WireWorkerFrame()
    frame.messages = [WireWorkerMessage(message)]
    return frame
  }

  private static func hello(_ name: String) -> Hello {
    Hello(
      ref: WorkerRef(name: name, incarnation: 1), lineage: 1,
      profile: WorkerProfile(apps: [], slots: 16, site: "bench"),
      metrics: WorkerMetrics(numbers: [.init(name: "cpu", value: 0.1), .init(name: "mem.free", value: 4e9)]))
  }
}
