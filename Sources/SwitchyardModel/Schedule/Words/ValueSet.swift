/// A set of small numbers, and the ways in which people say one.
struct ValueSet {
  /// Ascending.
  let values: [Int]

  /// - Parameter bits: bit n: the value n.
  init(_ bits: UInt64) { values = (0..<64).filter { bits >> UInt64($0) & 1 == 1 } }

  var count: Int { values.count }

  var only: Int? { count == 1 ? values[0] : nil }

  /// The distance of neighbours, where there are three or more and all are equally far apart.
  var step: Int? {
    guard count >= 3 else { return nil }
    let step = values[1] - values[0]
    return zip(values, values.dropFirst()).allSatisfy { $1 - $0 == step } ? step : nil
  }

  /// Whether the values go on at the same distance when the field, of so many values, begins again.
  func isEven(_ fieldCount: Int) -> Bool {
    guard let step else { return false }
    return values[0] + fieldCount - values[count - 1] == step
  }

  var isRange: Bool { count > 0 && values[count - 1] - values[0] == count - 1 }

  /// The hours of a range as the time that they cover: `09:00 to 17:59`.
  var span: String { "\(clock(values.first ?? 0, 0, 0)) to \(clock(values.last ?? 0, 59, 0))" }

  /// Neighbours together.
  var runs: [Run] {
    var runs: [Run] = []
    for value in values {
      if let last = runs.last, last.last + 1 == value {
        runs[runs.count - 1].last = value
      } else {
        runs.append(Run(first: value, last: value))
      }
    }
    // Two neighbours are no range: "1 and 2".
    return runs.flatMap { run in
      run.last == run.first + 1
        ? [Run(first: run.first, last: run.first), Run(first: run.last, last: run.last)] : [run]
    }
  }

  struct Run {
    var first: Int
    var last: Int

    func words(_ name: (Int) -> String) -> String {
      first == last ? name(first) : "\(name(first)) to \(name(last))"
    }
  }

  /// Of hours: `from 09:00 to 17:59`, `in the hours 9 and 12`.
  var inHours: String { isRange ? "from \(span)" : within("hour") }

  /// `in the minute 5`, `in the minutes 0 and 30`, `in every 2nd minute from 0 to 58`.
  func within(_ unit: String) -> String {
    if let step, step > 1, count > 4 {
      return "in every \(ordinal(step)) \(unit) from \(values[0]) to \(values[count - 1])"
    }
    return "in the \(unit)\(count == 1 ? "" : "s") \(list)"
  }

  /// `5, 10 to 20 and 40`.
  private var list: String { listed(runs.map { $0.words { "\($0)" } }) }

  /// `every 5 seconds`, `at second 30`, `at seconds 5, 10 to 20 and 40`.
  func repeated(_ fieldCount: Int, _ unit: String) -> String {
    if let step, isEven(fieldCount), values[0] == 0 { return step == 1 ? "every \(unit)" : "every \(step) \(unit)s" }
    if let step, step > 1, count > 3 {
      return "every \(step) \(unit)s from \(unit) \(values[0]) to \(values[count - 1])"
    }
    return "at \(unit)\(count == 1 ? "" : "s") \(list)"
  }
}

/// `a`, `a and b`, `a, b and c`.
func listed(_ items: [String]) -> String {
  guard let last = items.last, items.count > 1 else { return items.first ?? "" }
  return "\(items.dropLast().joined(separator: ", ")) and \(last)"
}

/// `02:25`, and with seconds where there are any: `02:25:30`.
func clock(_ hour: Int, _ minute: Int, _ second: Int) -> String {
  "\(padded(hour, 2)):\(padded(minute, 2))\(second == 0 ? "" : ":\(padded(second, 2))")"
}

/// `1st`, `2nd`, `3rd`, `11th`, `22nd`.
func ordinal(_ number: Int) -> String {
  let isTeen = (11...13).contains(number % 100)
  let ending = isTeen ? "th" : [1: "st", 2: "nd", 3: "rd"][number % 10] ?? "th"
  return "\(number)\(ending)"
}
