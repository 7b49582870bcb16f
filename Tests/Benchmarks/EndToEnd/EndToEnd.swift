import Foundation
import SwitchyardModel
import Synchronization

/// Durable submit over HTTP → lane → `.so` → no-op on two worker processes → durable result, with `synchronous=FULL`.
enum EndToEnd {
  private static let job = #"{"name":"bench","processor":{"noop":{}}}"#
  private static let path = "/api/v1/apps/default/jobs/bench"

  /// Submits as fast as they are answered, over many connections.
  static func throughput(jobs: Int = 60_000, connections: Int = 64) throws {
    let cluster = try BenchCluster()
    defer { cluster.end() }
    try start(cluster, slots: 512)
    let before = usage(cluster)
    let left = Atomic<Int>(jobs)
    let began = Date()
    try threads(connections) { _ in
      let connection = try cluster.connect()
      while left.subtract(1, ordering: .relaxed).newValue >= 0 {
        _ = try connection.json("POST", "\(path)/run", body: "{}")
      }
    }
    let submitted = Date().timeIntervalSince(began)
    try drain(cluster, expected: jobs)
    let whole = Date().timeIntervalSince(began)
    let cpu = usage(cluster) - before
    Figure.report("end_to_end_throughput", Double(jobs) / whole, "jobs/s", ["connections": "\(connections)"])
    Figure.report("submit_throughput", Double(jobs) / submitted, "submits/s", ["connections": "\(connections)"])
    Figure.report("end_to_end_cpu", cpu / Double(jobs) * 1000, "CPU s/1000 jobs", [:])
  }

  /// From the client's sending to the worker's start, at a steady rate.
  static func latency(rate: Double = 50, seconds: Double = 20) throws {
    let cluster = try BenchCluster()
    defer { cluster.end() }
    try start(cluster, slots: 64)
    let connection = try cluster.connect()
    var sent: [String: Double] = [:]
    var next = Date().addingTimeInterval(0.5)
    for _ in 0..<Int(rate * seconds) {
      let wait = next.timeIntervalSinceNow
      if wait > 0 { usleep(UInt32(wait * 1e6)) }
      next.addTimeInterval(1 / rate)
      let time = Date().timeIntervalSince1970
      let answer = try connection.json("POST", "\(path)/run", body: "{}")
      sent[answer["id"]?.stringValue ?? ""] = time
    }
    try drain(cluster, expected: sent.count)
    var delays: [Double] = []
    var before = ""
    while true {
      let page = try connection.json("GET", "/api/v1/instances?limit=1000\(before)")
      for row in page["instances"]?.arrayValue ?? [] {
        guard let id = row["id"]?.stringValue, let time = sent[id], let text = row["startedAt"]?.stringValue else {
          continue
        }
        delays.append((Double(try Timestamp(parsing: text).nanoseconds) / 1e9 - time) * 1000)
      }
      guard let cursor = page["next"]?.stringValue else { break }
      before = "&cursor=\(cursor)"
    }
    delays.sort()
    let labels = ["rate": "\(Int(rate))/s"]
    Figure.report("submit_to_start_p50", percentile(delays, 0.50), "ms", labels)
    Figure.report("submit_to_start_p99", percentile(delays, 0.99), "ms", labels)
    Figure.report("submit_to_start_max", delays.last ?? .nan, "ms", labels)
  }

  /// What a server costs that has nothing to do.
  static func idle(seconds: Double = 30) throws {
    let cluster = try BenchCluster()
    defer { cluster.end() }
    let began = Date()
    try cluster.startServer()
    try cluster.ready(workers: 0)
    Figure.report("server_start", Date().timeIntervalSince(began), "s", [:])
    try cluster.startWorkers(2, slots: 64)
    try cluster.ready(workers: 2)
    usleep(3_000_000)
    guard let server = cluster.processes["server"], let before = Usage(of: server) else { return }
    usleep(UInt32(seconds * 1e6))
    guard let after = Usage(of: server) else { return }
    Figure.report("idle_server_rss", Double(after.residentBytes) / 1e6, "MB", ["workers": "2"])
    Figure.report(
      "idle_server_cpu", (after.cpuSeconds - before.cpuSeconds) / seconds * 100, "% of a core", ["workers": "2"])
  }

  private static func start(_ cluster: BenchCluster, slots: Int) throws {
    try cluster.startServer()
    try cluster.ready(workers: 0)
    try cluster.startWorkers(2, slots: slots)
    try cluster.ready(workers: 2)
    _ = try cluster.connect().json("PUT", path, body: job)
    for _ in 0..<20 { _ = try cluster.connect().json("POST", "\(path)/run?wait=10s", body: "{}") }
  }

  /// Waits until nothing is open any more; a figure of work that was lost would be worth nothing.
  private static func drain(_ cluster: BenchCluster, expected: Int) throws {
    let connection = try cluster.connect()
    while true {
      let status = try connection.json("GET", "/api/v1/status")
      let open = status["instances"]?.objectValue?.members.compactMap(\.value.integerValue).reduce(0, +) ?? 1
      if open == 0 {
        let done = status["sinceStart"]?["instances.succeeded"]?.integerValue ?? 0
        guard done >= expected else { throw BenchError("\(expected) were asked for and \(done) succeeded") }
        return
      }
      usleep(5_000)
    }
  }

  private static func usage(_ cluster: BenchCluster) -> Double {
    cluster.processes.values.compactMap { Usage(of: $0)?.cpuSeconds }.reduce(0, +)
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

func percentile(_ sorted: [Double], _ share: Double) -> Double {
  sorted.isEmpty ? .nan : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
}
