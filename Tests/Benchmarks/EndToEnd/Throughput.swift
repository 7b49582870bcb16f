import Foundation
import SwitchyardModel
import Synchronization

/// Durable submit over HTTP → lane → `.so` → no-op on two worker processes → durable result, with `synchronous=FULL`:
/// jobs a second from the first request to the last result, and what all processes but this one spend on them.
struct Throughput {
  enum Submit: String, CaseIterable {
    /// A request for each job.
    case single
    /// A request for a hundred.
    case batch
    /// Lines of a request that goes on and on, answered by lines.
    case stream
  }

  static let runs = 3
  static let batchSize = 100

  static func run() throws {
    let cluster = try BenchCluster()
    defer { cluster.end() }
    try cluster.startWithJob(slots: 512)
    var expected = try cluster.succeeded()
    for submit in Submit.allCases {
      let jobs = submit == .single ? 30_000 : 100_000
      var rates: [Double] = [], accepted: [Double] = [], cpu: [Double] = []
      for round in 0...runs {
        // The first is to warm up.
        let count = round == 0 ? jobs / 10 : jobs
        let (before, began) = (cluster.cpuSeconds, Date())
        try send(count, submit, to: cluster)
        let submitted = Date().timeIntervalSince(began)
        expected += count
        try cluster.drain(expected: expected)
        guard round > 0 else { continue }
        accepted.append(Double(count) / submitted)
        rates.append(Double(count) / Date().timeIntervalSince(began))
        cpu.append((cluster.cpuSeconds - before) / Double(count) * 1_000)
      }
      let labels = ["submit": submit.rawValue, "workers": "2"]
      Figure.report("end_to_end_throughput", of: rates, "jobs/s", labels)
      Figure.report("submit_throughput", of: accepted, "submits/s", labels)
      Figure.report("end_to_end_cpu", of: cpu, "CPU s/1000 jobs", labels)
    }
  }

  private static func send(_ count: Int, _ submit: Submit, to cluster: BenchCluster) throws {
    switch submit {
    case .single:
      try share(count, by: 1, among: 64, cluster) { connection in
        try connection.expect("POST", "\(BenchCluster.job)/run", body: "{}")
      }
    case .batch:
      let items = [String](repeating: #"{"job":"bench"}"#, count: batchSize).joined(separator: ",")
      try share(count, by: batchSize, among: 8, cluster) { connection in
        try connection.expect("POST", path, body: "[\(items)]")
      }
    case .stream:
      try threads(2) { _ in
        try cluster.connect().stream(path, line: #"{"job":"bench"}"#, count: count / 2)
      }
    }
  }

  private static let path = "/api/v1/apps/default/instances"

  /// Sends requests over many connections until so many jobs were asked for.
  private static func share(
    _ count: Int, by size: Int, among connections: Int, _ cluster: BenchCluster,
    _ send: @escaping @Sendable (HTTPConnection) throws -> Void
  ) throws {
    let left = Atomic<Int>(count)
    try threads(connections) { _ in
      let connection = try cluster.connect()
      while left.subtract(size, ordering: .relaxed).newValue >= 0 { try send(connection) }
    }
  }
}

/// Runs so many threads to their end; the first error is thrown.
func threads(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
  let failure = Mutex<(any Error)?>(nil)
  let group = DispatchGroup()
  for number in 0..<count {
    group.enter()
    Thread.detachNewThread {
      do { try body(number) } catch { failure.withLock { $0 = $0 ?? error } }
      group.leave()
    }
  }
  group.wait()
  if let error = failure.withLock({ $0 }) { throw error }
}
