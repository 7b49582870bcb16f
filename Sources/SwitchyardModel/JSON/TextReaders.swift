/// The readers of values that JSON has no form for.
extension ValueReader {
  /// A length of time such as `"1h30m"`; see ``Span/init(parsing:)``.
  package func span(in range: ClosedRange<Span>) -> Span {
    let accepted = "a length of time in \(range.lowerBound)...\(range.upperBound)"
    guard case .string(let text) = value, text.utf8.count <= 64 else {
      refuse(mustBe: "\(accepted), such as \"30s\" or \"1h30m\"")
      return range.lowerBound
    }
    do throws(FieldError) {
      let span = try Span(parsing: text)
      if range.contains(span) { return span }
      refuse(mustBe: accepted)
    } catch {
      note(error)
    }
    return range.lowerBound
  }

  /// A point in time such as `"2026-03-29T01:30:00Z"`; see ``Timestamp/init(parsing:)``.
  package func timestamp() -> Timestamp {
    guard case .string = value else {
      refuse(mustBe: Timestamp.acceptedText)
      return Timestamp(nanoseconds: 0)
    }
    let timestamp = parsed(bytes: 0...64) { text throws(FieldError) in try Timestamp(parsing: text) }
    return timestamp ?? Timestamp(nanoseconds: 0)
  }
}
