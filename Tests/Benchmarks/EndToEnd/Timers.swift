import Foundation
import SwitchyardModel

/// Jobs every 10 ms: how late each run starts, and whether the lateness adds up.
struct Timers {
  private struct Run {
    var due, start, end: Int64
  }

  static func run(seconds: Int = 15) throws {
    let cluster = try BenchCluster()
    defer { cluster.end() }
    try cluster.startWithJob(slots: 64)
    try rate(try runs("rate", ["every": "10ms"], seconds, cluster))
    try delay(try runs("delay", ["delay": "10ms"], seconds, cluster))
  }

  /// A fixed rate: due times are 10 ms apart whatever happens. The drift is how much later the last runs start than
  /// the first ones, by their due times.
  private static func rate(_ runs: [Run]) throws {
    let late = runs.map { Double($0.start - $0.due) / 1e6 }
    Figure.report("fixed_rate_lateness", percentilesOf: late, "ms", ["period": "10ms", "runs": "\(runs.count)"])
    let gaps = zip(runs, runs.dropFirst()).filter { $1.due - $0.due != 10_000_000 }.count
    Figure.report("fixed_rate_missed", Double(gaps), "gaps between due times", ["period": "10ms"])
    let tenth = max(1, late.count / 10)
    let drift = percentile(late.suffix(tenth).sorted(), 0.5) - percentile(late.prefix(tenth).sorted(), 0.5)
    Figure.report("fixed_rate_drift", drift, "ms", ["period": "10ms", "runs": "\(runs.count)"])
  }

  /// A fixed delay: the next run is due 10 ms after the end of the last.
  private static func delay(_ runs: [Run]) throws {
    let pauses = zip(runs, runs.dropFirst()).map { Double($1.start - $0.end) / 1e6 - 10 }
    Figure.report("fixed_delay_lateness", percentilesOf: pauses, "ms", ["delay": "10ms", "runs": "\(runs.count)"])
  }

  private static func runs(
    _ name: String, _ schedule: JSONValue, _ seconds: Int, _ cluster: BenchCluster
  ) throws -> [Run] {
    let connection = try cluster.connect()
    let job: JSONValue = ["name": .string(name), "processor": ["noop": [:]], "schedule": schedule]
    _ = try connection.json("PUT", "/api/v1/apps/default/jobs/\(name)", body: job.text)
    usleep(UInt32(seconds) * 1_000_000)
    _ = try connection.json("POST", "/api/v1/apps/default/jobs/\(name)/pause")
    try cluster.drain(expected: 0)
    var runs: [Run] = []
    try cluster.forEachInstance(of: name) { row in
      guard let due = try time(row["dueAt"]), let start = try time(row["startedAt"]), let end = try time(row["endedAt"])
      else { return }
      runs.append(Run(due: due, start: start, end: end))
    }
    runs.sort { $0.due < $1.due }
    // The first second is to warm up.
    let first = (runs.first?.due ?? 0) + 1_000_000_000
    runs.removeAll { $0.due < first }
    guard runs.count > 10 else { throw BenchError("the job \(name) ran \(runs.count) times in \(seconds) s") }
    return runs
  }

  private static func time(_ value: JSONValue?) throws -> Int64? {
    try value?.stringValue.map { try Timestamp(parsing: $0).nanoseconds }
  }
}
