/// The key of one firing of a job: `(job, occurrence)` is unique in the store, which is what makes a due
/// time fire once whoever fires it, however often it tries.
package struct Occurrence: Hashable, Sendable, CustomStringConvertible {
  package let text: String
  package init(text: String) { self.text = text }

  /// A nominal due time of a cron, fixed-rate or one-shot schedule.
  package static func due(_ time: Timestamp) -> Occurrence { Occurrence(text: "@\(time.nanoseconds)") }
  /// The link of a fixed-delay chain that follows `predecessor`.
  package static func after(_ predecessor: InstanceID) -> Occurrence { Occurrence(text: "after:\(predecessor)") }
  /// A submission with a key of the client's.
  package static func key(_ key: String) -> Occurrence { Occurrence(text: "key:\(key)") }
  /// A submission without one.
  package static func submitted(_ id: InstanceID) -> Occurrence { Occurrence(text: "id:\(id)") }

  /// The due time that ``due(_:)`` made it of; nil for any other.
  package var dueTime: Timestamp? {
    guard text.utf8.first == UInt8(ascii: "@"), let nanoseconds = Int64(text.dropFirst()) else { return nil }
    let time = Timestamp(nanoseconds: nanoseconds)
    return Self.due(time).text == text ? time : nil
  }

  package var description: String { text }
}
