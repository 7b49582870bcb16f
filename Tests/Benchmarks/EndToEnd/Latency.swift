import Foundation
import SwitchyardModel
import Synchronization

/// From the client's sending to the worker's start, both on the machine's wall clock, at a steady rate.
struct Latency {
  static func run(arguments: [String]) throws {
    let rates = arguments.isEmpty ? [50, 1_000] : arguments.compactMap { Int($0) }
    let cluster = try BenchCluster()
    defer { cluster.end() }
    try cluster.startWithJob(slots: 256)
    for rate in rates {
      _ = try measure(rate, seconds: 2, cluster)
      let delays = try measure(rate, seconds: 15, cluster)
      Figure.report("submit_to_start", percentilesOf: delays, "ms", ["rate": "\(rate)/s", "jobs": "\(delays.count)"])
    }
  }

  /// - Returns: milliseconds of each job.
  private static func measure(_ rate: Int, seconds: Int, _ cluster: BenchCluster) throws -> [Double] {
    let before = try cluster.succeeded()
    // One connection has one request under way: more of them where answers take longer than the pause between two.
    let clients = max(1, rate / 50)
    let sent = Mutex<[String: Int64]>([:])
    let start = now() + 200_000_000
    try threads(clients) { number in
      let connection = try cluster.connect()
      let pause = Int64(1_000_000_000) * Int64(clients) / Int64(rate)
      var mine: [(String, Int64)] = []
      for turn in 0..<(rate * seconds / clients) {
        sleep(until: start + pause * Int64(turn) + pause * Int64(number) / Int64(clients))
        let time = now()
        let answer = try connection.json("POST", "\(BenchCluster.job)/run", body: "{}")
        mine.append((answer["id"]?.stringValue ?? "", time))
      }
      sent.withLock { sent in
        for (id, time) in mine { sent[id] = time }
      }
    }
    let times = sent.withLock { $0 }
    try cluster.drain(expected: before + times.count)
    var delays: [Double] = []
    try cluster.forEachInstance { row in
      guard let id = row["id"]?.stringValue, let time = times[id], let text = row["startedAt"]?.stringValue else {
        return
      }
      delays.append(Double(try Timestamp(parsing: text).nanoseconds - time) / 1e6)
    }
    guard delays.count == times.count else {
      throw BenchError("of \(times.count) instances \(delays.count) say when they started")
    }
    return delays
  }

  /// Nanoseconds of the wall clock.
  private static func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1e9) }

  private static func sleep(until time: Int64) {
    let nanoseconds = time - now()
    if nanoseconds > 0 { usleep(UInt32(nanoseconds / 1000)) }
  }
}
