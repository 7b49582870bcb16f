extension PosixRule {
  /// Reads `std offset [dst [offset] , start[/time] , end[/time]]`; nil for anything else. Names are three or more
  /// letters, or anything in `<…>`; they are not kept.
  init?(parsing text: some Collection<UInt8>) {
    guard text.count <= 256 else { return nil }
    var scanner = Scanner(rest: Array(text)[...])
    guard scanner.name(), let west = scanner.time(hours: 24) else { return nil }
    standard = -west
    guard !scanner.rest.isEmpty else { return }

    guard scanner.name() else { return nil }
    var offset = standard + 3600
    if scanner.rest.first != UInt8(ascii: ",") {
      guard let west = scanner.time(hours: 24) else { return nil }
      offset = -west
    }
    guard let start = scanner.change(), let end = scanner.change(), scanner.rest.isEmpty else { return nil }
    daylight = Daylight(offset: offset, start: start, end: end)
  }

  private struct Scanner {
    var rest: ArraySlice<UInt8>

    mutating func take(_ character: Unicode.Scalar) -> Bool {
      guard rest.first == UInt8(ascii: character) else { return false }
      rest.removeFirst()
      return true
    }

    mutating func name() -> Bool {
      if take("<") {
        guard let end = rest.firstIndex(of: UInt8(ascii: ">")), end > rest.startIndex else { return false }
        rest = rest[(end + 1)...]
        return true
      }
      let letters = rest.prefix { $0.isASCIILetter }
      rest = rest.dropFirst(letters.count)
      return letters.count >= 3
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int? {
      let digits = rest.prefix { $0.isASCIIDigit }
      guard (1...3).contains(digits.count) else { return nil }
      rest = rest.dropFirst(digits.count)
      let value = digits.reduce(0) { $0 * 10 + Int($1 - 48) }
      return range.contains(value) ? value : nil
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    mutating func time(hours limit: Int) -> Int32? {
      let isNegative = take("-")
      if !isNegative { _ = take("+") }
      guard let hours = number(0...limit) else { return nil }
      var seconds = hours * 3600
      if take(":") {
        guard let minutes = number(0...59) else { return nil }
        seconds += minutes * 60
        if take(":") {
          guard let rest = number(0...59) else { return nil }
          seconds += rest
        }
      }
      return Int32(isNegative ? -seconds : seconds)
    }

    /// `,day[/time]`; two in the morning when no time is given.
    mutating func change() -> Change? {
      guard take(","), let day = day() else { return nil }
      guard take("/") else { return Change(day: day, time: 7200) }
      return time(hours: 167).map { Change(day: day, time: $0) }
    }

    private mutating func day() -> Day? {
      if take("J") { return number(1...365).map(Day.julian) }
      guard take("M") else { return number(0...365).map(Day.ordinal) }
      guard let month = number(1...12), take("."), let week = number(1...5), take("."), let weekday = number(0...6)
      else { return nil }
      return .monthly(month: month, week: week, weekday: weekday)
    }
  }
}
