/// Lengths of time as people write them: `500ms`, `30s`, `5m`, `1h30m`, `2d`.
extension Span: CustomStringConvertible {
  /// Reads whole numbers with units, largest unit first, each unit once: `d` (24 hours), `h`, `m`, `s`, `ms`, `us`,
  /// `ns`. No sign, no fraction, no spaces; a bare number has no meaning, because no unit is more natural than another.
  package init(parsing text: String) throws(FieldError) {
    var total: Int64 = 0
    var unitsLeft = units[...]
    var rest = text.utf8.prefix(64)
    guard text.utf8.count <= 64, !rest.isEmpty else { throw Self.refusal(text) }
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCIIDigit }
      let letters = rest.dropFirst(digits.count).prefix { $0.isASCIILetter }
      guard let number = Int64(String(Substring(digits))),
        let index = unitsLeft.firstIndex(where: { $0.name.utf8.elementsEqual(letters) })
      else { throw Self.refusal(text) }
      let (nanoseconds, tooLong) = number.multipliedReportingOverflow(by: unitsLeft[index].nanoseconds)
      let (sum, overflow) = total.addingReportingOverflow(nanoseconds)
      guard !tooLong, !overflow else {
        throw FieldError(problem: "\(quoted(text)) is longer than 292 years", accepted: "a shorter length of time")
      }
      total = sum
      unitsLeft = unitsLeft[(index + 1)...]
      rest = rest.dropFirst(digits.count + letters.count)
    }
    self.init(nanoseconds: total)
  }

  private static func refusal(_ text: String) -> FieldError {
    FieldError(
      mustBe: "a length of time such as \"500ms\", \"30s\", \"1h30m\" or \"2d\" "
        + "(whole numbers with the units d, h, m, s, ms, us, ns, largest first)",
      found: quoted(text))
  }

  /// The text that ``init(parsing:)`` reads; a negative span has a `-` in front, which it does not read.
  package var description: String {
    guard nanoseconds != 0 else { return "0s" }
    var rest = nanoseconds.magnitude
    var text = nanoseconds < 0 ? "-" : ""
    for unit in units {
      let (count, remainder) = rest.quotientAndRemainder(dividingBy: UInt64(unit.nanoseconds))
      if count > 0 { text += "\(count)\(unit.name)" }
      rest = remainder
    }
    return text
  }
}

private let units: [(name: String, nanoseconds: Int64)] = [
  ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000),
  ("ms", 1_000_000), ("us", 1_000), ("ns", 1),
]
