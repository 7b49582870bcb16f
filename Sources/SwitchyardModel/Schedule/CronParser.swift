extension CronExpression {
  /// Reads an expression; see the type for the syntax.
  ///
  /// - Throws: an error whose path is the name of the field, as in `minute: "61" is not in 0-59`.
  package init(parsing text: String) throws(FieldError) {
    guard text.utf8.count <= Self.lengthLimit else {
      throw FieldError(problem: "is longer than \(Self.lengthLimit) bytes", accepted: "a shorter cron expression")
    }
    let words = text.split { $0 == " " || $0 == "\t" }
    let written = words.joined(separator: " ")
    var fields = words
    if written.hasPrefix("@") {
      guard let meaning = macros.first(where: { $0.name == written.lowercased() })?.meaning else {
        throw FieldError(mustBe: oneOf(macros.map(\.name)), found: quoted(written))
      }
      fields = meaning.split(separator: " ")
    }
    guard fields.count == 5 || fields.count == 6 else {
      throw FieldError(
        mustBe: "5 fields (minute hour day-of-month month day-of-week), 6 with the second first, "
          + "or @daily and the like",
        found: "\(fields.count) in \(quoted(text))")
    }
    if fields.count == 5 { fields.insert("0", at: 0) }

    self.text = written
    seconds = try CronFieldParser.values(.second, fields[0])
    minutes = try CronFieldParser.values(.minute, fields[1])
    hours = UInt32(truncatingIfNeeded: try CronFieldParser.values(.hour, fields[2]))
    monthDays = try CronFieldParser.monthDays(fields[3])
    months = UInt16(truncatingIfNeeded: try CronFieldParser.values(.month, fields[4]))
    weekDays = try CronFieldParser.weekDays(fields[5])
    guard fields[3] != "?" || fields[5] != "?" else {
      throw FieldError(path: CronField.dayOfWeek.rawValue, problem: "only one of the two day fields can be \"?\"")
    }
    eitherDay = ![fields[3], fields[5]].contains { $0.hasPrefix("*") || $0 == "?" }
    isWildcard = fields[1].hasPrefix("*") || fields[2].hasPrefix("*")
  }
}

private let macros: [(name: String, meaning: String)] = [
  ("@yearly", "0 0 1 1 *"), ("@annually", "0 0 1 1 *"), ("@monthly", "0 0 1 * *"), ("@weekly", "0 0 * * 0"),
  ("@daily", "0 0 * * *"), ("@midnight", "0 0 * * *"), ("@hourly", "0 * * * *"),
]

/// Reads one field.
private struct CronFieldParser {
  let field: CronField

  /// A set of values of a field that knows no `L`, `W`, `#`.
  static func values(_ field: CronField, _ text: Substring) throws(FieldError) -> UInt64 {
    let parser = CronFieldParser(field: field)
    var set: UInt64 = 0
    for item in try parser.items(text) { set |= try parser.range(item) }
    return set
  }

  static func monthDays(_ text: Substring) throws(FieldError) -> CronMonthDays {
    let parser = CronFieldParser(field: .dayOfMonth)
    var result = CronMonthDays()
    if text == "?" {
      result.days = ~1
      return result
    }
    for item in try parser.items(text) {
      let upper = item.uppercased()
      if upper == "L" {
        result.fromEnd |= 1
      } else if upper == "LW" || upper == "WL" {
        result.lastWeekday = true
      } else if upper.hasPrefix("L-") {
        result.fromEnd |= 1 << UInt32(try parser.number(item.dropFirst(2), in: 1...30, of: item))
      } else if upper.hasSuffix("W") {
        result.nearestWeekday |= 1 << UInt32(try parser.number(item.dropLast(), in: 1...31, of: item))
      } else {
        result.days |= UInt32(truncatingIfNeeded: try parser.range(item))
      }
    }
    return result
  }

  static func weekDays(_ text: Substring) throws(FieldError) -> CronWeekDays {
    let parser = CronFieldParser(field: .dayOfWeek)
    var result = CronWeekDays()
    if text == "?" {
      result.days = 0x7F
      return result
    }
    for item in try parser.items(text) {
      let parts = item.split(separator: "#", omittingEmptySubsequences: false)
      if parts.count == 2 {
        let day = try parser.value(parts[0], of: item) % 7
        let nth = try parser.number(parts[1], in: 1...5, of: item)
        result.nth[nth - 1] |= 1 << UInt8(day)
      } else if item.count > 1, item.last == "L" || item.last == "l" {
        result.last |= 1 << UInt8(try parser.value(item.dropLast(), of: item) % 7)
      } else if item == "L" || item == "l" {
        throw parser.refusal(item, "needs a day in front, as 5L for the last Friday of the month")
      } else {
        result.days |= UInt8(truncatingIfNeeded: try parser.range(item))
      }
    }
    return result
  }

  private func items(_ text: Substring) throws(FieldError) -> [Substring] {
    let items = text.split(separator: ",", omittingEmptySubsequences: false)
    guard items.allSatisfy({ !$0.isEmpty }) else { throw refusal(text, "has an empty element") }
    return items
  }

  /// `*`, `a`, `a-b`, each with `/step` or without.
  private func range(_ item: Substring) throws(FieldError) -> UInt64 {
    let parts = item.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2 else { throw refusal(item, "has more than one step") }
    var step = 1
    if parts.count == 2 {
      step = try number(parts[1], in: 1...field.count, of: item)
    }
    let lowest = field.range.lowerBound
    let highest = lowest + field.count - 1
    var (from, to) = (lowest, highest)
    if parts[0] != "*" {
      let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
      guard ends.count <= 2 else { throw refusal(item, "is not a range of two values") }
      from = try value(ends[0], of: item)
      if ends.count == 2 {
        to = try value(ends[1], of: item)
        if to < from { to += field.count }
      } else {
        from = lowest + (from - lowest) % field.count
        to = parts.count == 2 ? highest : from
      }
    }
    var set: UInt64 = 0
    // A Sunday written 7 and a range that wrapped around come back into the field.
    for value in stride(from: from, through: to, by: step) {
      set |= 1 << UInt64(lowest + (value - lowest) % field.count)
    }
    return set
  }

  /// A number or a name.
  private func value(_ text: Substring, of item: Substring) throws(FieldError) -> Int {
    if let index = field.names.firstIndex(of: text.uppercased()) { return index + field.firstNamed }
    return try number(text, in: field.range, of: item)
  }

  private func number(_ text: Substring, in range: ClosedRange<Int>, of item: Substring) throws(FieldError) -> Int {
    guard (1...4).contains(text.utf8.count), text.utf8.allSatisfy(\.isASCIIDigit), let number = Int(text) else {
      throw refusal(item, text.isEmpty ? "lacks a value" : "is not understood")
    }
    guard range.contains(number) else {
      let part = text == item ? "" : "has \(quoted(text)), which "
      throw refusal(item, "\(part)is not in \(range.lowerBound)-\(range.upperBound)")
    }
    return number
  }

  private func refusal(_ item: Substring, _ problem: String) -> FieldError {
    let hint = problem.contains("is not in") ? "" : " (accepted: \(field.accepted))"
    return FieldError(
      path: field.rawValue, problem: "\(quoted(item)) \(problem)\(hint)", accepted: field.accepted)
  }
}
