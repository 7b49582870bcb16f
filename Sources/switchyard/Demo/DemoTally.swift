import Foundation
import SwitchyardModel

/// Counts firings from what the API says, and in the end checks them against two other witnesses: the
/// calendar (which due times there must have been) and the ledger (what the jobs themselves wrote).
struct DemoTally {
  struct Firing {
    var id: String
    var job: String
    var occurrence: String
    var state: String
    var worker: String?
    var attempt: Int64
    var createdAt: Timestamp
  }

  private(set) var firings: [Firing] = []
  private(set) var perWorker: [String: Int] = [:]
  private var newest: String?

  /// Adds what was created since the last look and is older than the lag, so that most of it is placed.
  mutating func look(_ client: APIClient, lag: TimeInterval = 1.5) async throws {
    let horizon = Timestamp(nanoseconds: Int64((Date().timeIntervalSince1970 - lag) * 1e9))
    for firing in try await instances(client, after: newest) where firing.createdAt < horizon {
      newest = max(newest ?? "", firing.id)
      if let worker = firing.worker { perWorker[worker, default: 0] += 1 }
    }
  }

  /// Reads everything once more, now that all has come to its end.
  mutating func finish(_ client: APIClient) async throws {
    firings = try await instances(client, after: nil)
  }

  private func instances(_ client: APIClient, after: String?) async throws -> [Firing] {
    var result: [Firing] = []
    var before: String?
    while true {
      let page = try await client.get("/instances", [("limit", "1000"), ("cursor", before)])
      let rows = page["instances"]?.arrayValue ?? []
      for row in rows {
        let id = row.cell("id")
        if let after, id <= after { return result }
        result.append(
          Firing(
            id: id, job: row.cell("job"), occurrence: row.cell("occurrence"), state: row.cell("state"),
            worker: row["worker"]?.stringValue, attempt: row["attempt"]?.integerValue ?? 0,
            createdAt: (try? Timestamp(parsing: row.cell("createdAt"))) ?? .distantPast))
      }
      guard let next = page["next"]?.stringValue else { return result }
      before = next
    }
  }

  // MARK: What came of it

  var fired: Int { firings.filter { $0.state != "skipped" }.count }
  var finished: Int { firings.filter { $0.state == "succeeded" }.count }
  var retried: Int { firings.filter { $0.attempt > 1 && $0.state == "succeeded" }.count }
  /// Not succeeded, whatever the reason: failed, lost, or still open.
  var unfinished: [Firing] { firings.filter { $0.state != "succeeded" && $0.state != "skipped" } }

  /// Due times of a job with a steady beat that have no firing: from its first to its last, and over the whole
  /// stretch in which it was due. A job that stops firing is seen; at both ends it is left two seconds.
  func missed(job: String, every period: Span, from start: Timestamp, to end: Timestamp) -> Int {
    let step = period.nanoseconds
    let times = Set(firings.filter { $0.job == job }.compactMap { Int64($0.occurrence.dropFirst()) })
    let begin = (start + period + .seconds(2)).nanoseconds
    let close = (end - .seconds(2)).nanoseconds
    guard let first = times.min(), let last = times.max() else { return Int(max(step, close - begin) / step) }
    let late = max(0, first - begin) / step
    return Int(late + max(last - first, close - first) / step) + 1 - times.count
  }

  /// Instances that the API promised and that are not there.
  func vanished(of promised: [String]) -> Int { Set(promised).subtracting(firings.map(\.id)).count }

  /// Firings of one job for one due time, beyond the first.
  var doubled: Int { firings.count - Set(firings.map { "\($0.job) \($0.occurrence)" }).count }

  /// Instances whose job wrote to the ledger more than once, though it ends with that line.
  func doneTwice(ledger path: String) -> [String] {
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    var seen: [String: Int] = [:]
    for line in text.split(separator: "\n") { seen[String(line.prefix { $0 != " " }), default: 0] += 1 }
    return seen.filter { $0.value > 1 }.map(\.key).sorted()
  }

  /// Instances of ledger-writing jobs that succeeded and left no line.
  func unwitnessed(ledger path: String, jobs: Set<String>) -> Int {
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    let seen = Set(text.split(separator: "\n").map { String($0.prefix { $0 != " " }) })
    return firings.filter { jobs.contains($0.job) && $0.state == "succeeded" && !seen.contains($0.id) }.count
  }

  /// Firings placed on each worker among those created in a stretch of time.
  func placed(from start: Timestamp, to end: Timestamp) -> [String: Int] {
    var result: [String: Int] = [:]
    for firing in firings where firing.createdAt >= start && firing.createdAt < end && firing.attempt == 1 {
      if let worker = firing.worker { result[worker, default: 0] += 1 }
    }
    return result
  }
}
