/// RFC 3339: `2026-03-29T01:30:00Z`, `2026-03-29T03:30:00.250+02:00`.
extension Timestamp: CustomStringConvertible {
  static let acceptedText = "a time such as \"2026-03-29T01:30:00Z\" or \"2026-03-29T03:30:00.250+02:00\" (RFC 3339)"

  /// Reads a date-time of RFC 3339 with up to nine digits of fraction, in the years 1678...2261. `t`, `z` and a space
  /// in place of `T` are taken, as the RFC allows. The second 60 is refused: this clock has no leap seconds.
  package init(parsing text: String) throws(FieldError) {
    guard let parsed = Self.parse(Array(text.utf8.prefix(65))) else {
      throw FieldError(mustBe: Self.acceptedText, found: quoted(text))
    }
    self = parsed
  }

  private static func parse(_ bytes: [UInt8]) -> Timestamp? {
    guard (20...64).contains(bytes.count) else { return nil }
    func number(_ start: Int, _ count: Int, _ range: ClosedRange<Int>) -> Int? {
      var value = 0
      for byte in bytes[start..<start + count] {
        guard byte.isASCIIDigit else { return nil }
        value = value * 10 + Int(byte - 48)
      }
      return range.contains(value) ? value : nil
    }
    guard bytes[4] == 45, bytes[7] == 45, [84, 116, 32].contains(bytes[10]), bytes[13] == 58, bytes[16] == 58,
      let year = number(0, 4, 1678...2261), let month = number(5, 2, 1...12),
      let day = number(8, 2, 1...SwitchyardModel.days(inMonth: month, ofYear: year)),
      let hour = number(11, 2, 0...23), let minute = number(14, 2, 0...59), let second = number(17, 2, 0...59)
    else { return nil }

    var position = 19
    var fraction: Int64 = 0
    if bytes[position] == UInt8(ascii: ".") {
      var unit: Int64 = 1_000_000_000
      position += 1
      let start = position
      while position < bytes.count, bytes[position].isASCIIDigit, unit > 1 {
        unit /= 10
        fraction += unit * Int64(bytes[position] - 48)
        position += 1
      }
      guard position > start, position < bytes.count else { return nil }
    }
    var offset = 0
    switch (bytes[position], bytes.count - position) {
    case (UInt8(ascii: "Z"), 1), (UInt8(ascii: "z"), 1): break
    case (UInt8(ascii: "+"), 6), (UInt8(ascii: "-"), 6):
      guard let hours = number(position + 1, 2, 0...23), bytes[position + 3] == 58,
        let minutes = number(position + 4, 2, 0...59)
      else { return nil }
      offset = (hours * 60 + minutes) * (bytes[position] == UInt8(ascii: "-") ? -60 : 60)
    default: return nil
    }
    let civil = CivilTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    return Timestamp(seconds: civil.secondsSince1970 - Int64(offset)) + Span(nanoseconds: fraction)
  }

  /// RFC 3339 in UTC with milliseconds, or with micro- or nanoseconds where the value has them: reading it again gives
  /// the same point. Points before 1678 and after 2261 (the ends of the clock) are written, but not read.
  package var description: String {
    let civil = CivilTime(secondsSince1970: seconds)
    let fraction = Int(subsecond)
    let digits: (value: Int, count: Int) =
      fraction % 1_000_000 == 0
      ? (fraction / 1_000_000, 3) : fraction % 1000 == 0 ? (fraction / 1000, 6) : (fraction, 9)
    return "\(padded(civil.year, 4))-\(padded(civil.month, 2))-\(padded(civil.day, 2))"
      + "T\(padded(civil.hour, 2)):\(padded(civil.minute, 2)):\(padded(civil.second, 2))"
      + ".\(padded(digits.value, digits.count))Z"
  }

  /// Nanoseconds since the last whole second, 0..<1,000,000,000.
  private var subsecond: Int64 {
    let remainder = nanoseconds % 1_000_000_000
    return remainder < 0 ? remainder + 1_000_000_000 : remainder
  }
}

/// Decimal digits of a number that is not negative, with zeros in front.
func padded(_ number: Int, _ width: Int) -> String {
  let digits = String(number)
  return String(repeating: "0", count: Swift.max(0, width - digits.count)) + digits
}
