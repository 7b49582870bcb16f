/// Due times that did not fire. The record of them is an instance that is born `skipped`, named by the first of them: its
/// `detail` says it for people, its `result` for programs.
package struct Skip: Hashable, Sendable {
  package enum Reason: String, CaseIterable, Sendable {
    /// They came and went while nobody fired.
    case misfire
    /// As many of the job ran as may run at a time.
    case overlap
    /// As many of the job waited for their turn as may wait.
    case queueFull = "queue-full"
  }

  package var reason: Reason
  package var first: Timestamp
  package var last: Timestamp
  /// Nil: more than ``countLimit``, which are not counted one by one.
  package var count: Int64?

  package static let countLimit: Int64 = 1_000

  package init(reason: Reason, first: Timestamp, last: Timestamp, count: Int64?) {
    self.reason = reason
    self.first = first
    self.last = last
    self.count = count
  }

  /// A single due time.
  package init(reason: Reason, at time: Timestamp) { self.init(reason: reason, first: time, last: time, count: 1) }

  package func covers(_ time: Timestamp) -> Bool { first <= time && time <= last }

  /// For people: `misfire: 59 due times from … to … passed while nobody fired`.
  package func detail(_ overlap: Overlap?) -> String {
    let limit = overlap.map { "\($0.limit)" } ?? "its limit"
    return switch reason {
    case .misfire: "misfire: \(times) passed while nobody fired"
    case .overlap: "overlap: the job had as many instances as may run at a time, \(limit), and its policy is to discard"
    case .queueFull:
      "queue full: \(overlap.map { "\($0.queue)" } ?? "its limit of") instances waited for their turn already"
    }
  }

  private var times: String {
    if first == last { return "the due time \(first)" }
    return "\(count.map { "\($0)" } ?? "more than \(Self.countLimit)") due times from \(first) to \(last)"
  }

  /// For programs, and what ``init(result:)`` reads.
  package var result: String {
    var fields = JSONObject()
    fields["reason"] = .string(reason.rawValue)
    fields["first"] = .string("\(first)")
    fields["last"] = .string("\(last)")
    fields["count"] = count.map { .integer($0) } ?? .null
    return (["skipped": .object(fields)] as JSONValue).text
  }

  /// Nil for the result of anything but a record of this kind.
  package init?(result: String?) {
    guard let result, let json = try? JSONValue(parsing: result), let fields = json["skipped"],
      let reason = fields["reason"]?.stringValue.flatMap(Reason.init), let first = fields.time("first"),
      let last = fields.time("last")
    else { return nil }
    self.init(reason: reason, first: first, last: last, count: fields["count"]?.integerValue)
  }
}

extension Instance {
  /// Makes it the record of due times that did not fire, before it is stored.
  package mutating func record(_ skip: Skip, overlap: Overlap?) {
    state = .skipped
    endedAt = createdAt
    detail = skip.detail(overlap)
    result = skip.result
  }
}

extension JSONValue {
  fileprivate func time(_ name: String) -> Timestamp? {
    self[name]?.stringValue.flatMap { try? Timestamp(parsing: $0) }
  }
}
