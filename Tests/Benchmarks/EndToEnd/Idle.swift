import Foundation

/// What a server costs that has nothing to do, and how long it takes to be there.
struct Idle {
  static func run(seconds: Double = 20) throws {
    var starts: [Double] = []
    for _ in 0..<3 {
      let cluster = try BenchCluster()
      defer { cluster.end() }
      let began = Date()
      try cluster.startServer()
      try cluster.ready(workers: 0)
      starts.append(Date().timeIntervalSince(began))
    }
    Figure.report("server_start", of: starts, "s")
    let cluster = try BenchCluster()
    defer { cluster.end() }
    try cluster.startServer()
    try cluster.ready(workers: 0)
    try cluster.startWorkers(2, slots: 64)
    try cluster.ready(workers: 2)
    usleep(3_000_000)
    guard let server = cluster.processes["server"], let before = Usage(of: server) else {
      throw BenchError("the server has ended; its log is in \(cluster.directory)")
    }
    usleep(UInt32(seconds * 1e6))
    guard let after = Usage(of: server) else { throw BenchError("the server ended while it was idle") }
    Figure.report("idle_server_rss", Double(after.residentBytes) / 1e6, "MB", ["workers": "2"])
    let cpu = (after.cpuSeconds - before.cpuSeconds) / seconds * 100
    Figure.report("idle_server_cpu", cpu, "% of a core", ["workers": "2"])
  }
}
