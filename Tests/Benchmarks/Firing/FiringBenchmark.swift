import Foundation
import SwitchyardModel
import SwitchyardStorage
import SwitchyardStorageSQLite

/// Millions of cron jobs: how fast they are stored, how soon a server is up with them, what it needs, and how late
/// comes what is due.
///
/// All jobs fire once a day. Most are due at other times; so many that `rate` are due in each second, and `burst` in
/// one more, are due while the server is watched. They are put into the store directly, in groups of one commit each:
/// the API makes them one by one.
struct FiringBenchmark {
  private var counts = [1_000_000, 5_000_000]
  private var rate = 300
  private var seconds = 30
  private var burst = 10_000

  /// From the storing of what will be due to the first due time: for the start of server and workers.
  private static let lead = Span.seconds(25)

  init(arguments: [String]) throws {
    var rest = arguments[...]
    while let option = rest.popFirst() {
      guard let text = rest.popFirst() else { throw BenchError("\(option) needs a value") }
      switch option {
      case "--jobs": counts = text.split(separator: ",").compactMap { Int($0) }
      case "--rate": rate = Int(text) ?? rate
      case "--seconds": seconds = Int(text) ?? seconds
      case "--burst": burst = Int(text) ?? burst
      default: throw BenchError("unknown option \(option); there are --jobs, --rate, --seconds, --burst")
      }
    }
  }

  func run() async throws {
    for count in counts { try await run(count) }
  }

  private func run(_ count: Int) async throws {
    let cluster = try BenchCluster()
    defer { cluster.end() }
    let labels = ["jobs": "\(count)"]
    let watched = rate * seconds + burst
    let loader = try await JobLoader(directory: "\(cluster.directory)/server")
    let loading = try await loader.load(count - watched, named: "quiet") { _ in loader.quietTime() }
    Figure.report("jobs_stored", Double(count - watched) / loading.whole, "jobs/s", labels)
    Figure.report("jobs_stored_store_share", loading.inStore / loading.whole * 100, "%", labels)
    let first = loader.now() + Self.lead
    let start = Timestamp(seconds: first.nanoseconds / 1_000_000_000)
    let last = start + .seconds(Int64(seconds) + 5)
    _ = try await loader.load(rate * seconds, named: "steady") { [rate] index in start + .seconds(Int64(index / rate)) }
    _ = try await loader.load(burst, named: "burst") { _ in last }
    await loader.close()

    let began = Date()
    try cluster.startServer()
    try owning(cluster)
    Figure.report("server_start_with_jobs", Date().timeIntervalSince(began), "s", labels)
    try cluster.startWorkers(2, slots: 4_096)
    try cluster.ready(workers: 2)
    guard loader.now() < start else {
      throw BenchError("the start took longer than \(Self.lead): nothing was measured")
    }
    try wait(until: last + .seconds(5))
    try drained(cluster)
    try reportMemory(of: cluster, labels)
    cluster.stop()
    try await report(try await JobLoader(directory: "\(cluster.directory)/server"), start, last, labels)
  }

  private func owning(_ cluster: BenchCluster) throws {
    let deadline = Date().addingTimeInterval(60)
    while Date() < deadline {
      if let status = try? cluster.connect().json("GET", "/api/v1/status"), status["phase"] == "owning" { return }
      usleep(5_000)
    }
    throw BenchError("the server did not start; its logs are in \(cluster.directory)")
  }

  private func wait(until time: Timestamp) throws {
    let left = time.nanoseconds - Int64(Date().timeIntervalSince1970 * 1e9)
    if left > 0 { usleep(UInt32(left / 1_000)) }
  }

  /// Nothing that was due is open.
  private func drained(_ cluster: BenchCluster) throws {
    let connection = try cluster.connect()
    while true {
      let states = try connection.json("GET", "/api/v1/status")["instances"]?.objectValue?.members ?? []
      if states.compactMap(\.value.integerValue).reduce(0, +) == 0 { return }
      usleep(50_000)
    }
  }

  private func reportMemory(of cluster: BenchCluster, _ labels: [String: String]) throws {
    guard let server = cluster.processes["server"], let usage = Usage(of: server) else { return }
    let status = try String(contentsOfFile: "/proc/\(server.processIdentifier)/status", encoding: .utf8)
    let peak = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }?
      .split(separator: " ").dropFirst().first.flatMap { Double($0.trimmingCharacters(in: .whitespaces)) }
    Figure.report("server_rss", Double(usage.residentBytes) / 1e6, "MB", labels)
    if let peak { Figure.report("server_rss_peak", peak * 1_024 / 1e6, "MB", labels) }
  }

  /// From the rows that are left: what was due, once each, and how late it was started by a worker.
  private func report(
    _ loader: JobLoader, _ start: Timestamp, _ last: Timestamp, _ labels: [String: String]
  ) async throws {
    var steady: [Double] = []
    var burstAt: [Double] = []
    var occurrences: Set<Occurrences> = []
    var doubled = 0
    var before: InstanceID?
    repeat {
      let page = try await loader.store.instances(InstanceFilter(), before: before, limit: 4_096)
      for instance in page {
        guard let startedAt = instance.startedAt, instance.state == .succeeded else { continue }
        let late = Double((startedAt - instance.dueAt).nanoseconds) / 1e6
        if instance.dueAt == last { burstAt.append(late) } else { steady.append(late) }
        if !occurrences.insert(Occurrences(job: instance.job, at: instance.dueAt)).inserted { doubled += 1 }
      }
      before = page.count == 4_096 ? page.last?.id : nil
    } while before != nil
    await loader.close()
    for (name, lateness) in [("steady", steady.sorted()), ("burst", burstAt.sorted())] {
      for (figure, value) in [
        ("p50", percentile(lateness, 0.5)), ("p99", percentile(lateness, 0.99)), ("max", lateness.last ?? .nan),
      ] {
        Figure.report("firing_\(name)_late_\(figure)", value, "ms", labels)
      }
    }
    Figure.report("firing_missed", Double(rate * seconds + burst - occurrences.count), "due times", labels)
    Figure.report("firing_doubled", Double(doubled), "due times", labels)
  }

  private struct Occurrences: Hashable {
    var job: JobID
    var at: Timestamp
  }
}
