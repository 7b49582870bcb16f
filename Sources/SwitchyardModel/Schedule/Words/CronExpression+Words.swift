extension CronExpression {
  /// When it is due, in words: `at 02:25 on the 4th and 19th`, `every 15 minutes from 09:00 to 17:59 on weekdays`.
  ///
  /// They are made of the sets of values and not of the text, so that `0 9 * * 1-5` and `0 9 * * MON,TUE,WED,THU,FRI`
  /// read the same; and they say all of them: two expressions with the same words are due at the same times of the same
  /// days. What happens when clocks change is not in them; see ``next(after:in:)``.
  package var words: String {
    let (time, isList) = timeWords
    let days = dayWords ?? (isList ? "every day" : nil)
    return [time, days, monthWords].compactMap(\.self).joined(separator: " ")
  }
}

// The time of day -------------------------------------------------------------------------------------

extension CronExpression {
  /// - Returns: also whether the words are a list of times, which wants to be followed by a day.
  private var timeWords: (words: String, isList: Bool) {
    let (seconds, minutes, hours) = (ValueSet(seconds), ValueSet(minutes), ValueSet(UInt64(hours)))
    let combinations = seconds.count * minutes.count * hours.count
    if combinations <= 3 { return (timesOfDay, true) }
    if let second = seconds.only, let minute = minutes.only, let words = hourly(hours, minute, second) {
      return (words, false)
    }
    if combinations <= 6 { return (timesOfDay, true) }
    if seconds.only == 0, let words = minutely(minutes, hours) { return (words, false) }

    return ((seconds.only == 0 ? byMinute(minutes, hours) : bySecond(seconds, minutes, hours)), false)
  }

  /// `at minutes 5 and 20, from 09:00 to 17:59`.
  private func byMinute(_ minutes: ValueSet, _ hours: ValueSet) -> String {
    let everyHour = minutes.isEven(60) ? "" : ", every hour"
    return minutes.repeated(60, "minute") + (hours.count == 24 ? everyHour : ", \(hours.inHours)")
  }

  /// `every 5 seconds, in the minutes 0 to 10, from 09:00 to 17:59`.
  private func bySecond(_ seconds: ValueSet, _ minutes: ValueSet, _ hours: ValueSet) -> String {
    var words = seconds.repeated(60, "second")
    if minutes.count < 60 {
      words += ", \(minutes.within("minute"))"
      if hours.count == 24 { words += ", every hour" }
    } else if hours.count == 24, !seconds.isEven(60) {
      words += ", every minute"
    }
    return words + (hours.count == 24 ? "" : ", \(hours.inHours)")
  }

  /// `at 02:25 and 14:25`.
  private var timesOfDay: String {
    let times = ValueSet(UInt64(hours)).values.flatMap { hour in
      ValueSet(minutes).values.flatMap { minute in
        ValueSet(seconds).values.map { clock(hour, minute, $0) }
      }
    }
    return "at \(listed(times))"
  }

  /// One minute and second, of hours at even distances: `every 2 hours`, `every hour from 09:30 to 17:30`.
  private func hourly(_ hours: ValueSet, _ minute: Int, _ second: Int) -> String? {
    guard let step = hours.step, let first = hours.values.first, let last = hours.values.last else { return nil }
    let every = step == 1 ? "every hour" : "every \(step) hours"
    if hours.isEven(24), first == 0, minute == 0, second == 0 { return every }
    return "\(every) from \(clock(first, minute, second)) to \(clock(last, minute, second))"
  }

  /// Minutes that divide the hour, of hours without gaps: `every 15 minutes from 09:00 to 17:59`.
  private func minutely(_ minutes: ValueSet, _ hours: ValueSet) -> String? {
    guard minutes.isEven(60), minutes.values.first == 0, let step = minutes.step else { return nil }
    let every = step == 1 ? "every minute" : "every \(step) minutes"
    if hours.count == 24 { return every }
    return hours.isRange ? "\(every) from \(hours.span)" : nil
  }
}

// Days and months -------------------------------------------------------------------------------------

extension CronExpression {
  /// Nil for every day.
  private var dayWords: String? {
    let byMonth = monthDays.days & 0xFFFF_FFFE == 0xFFFF_FFFE ? nil : monthDays.words
    let byWeek = weekDays.days & 0x7F == 0x7F ? nil : weekDays.words
    switch (byMonth, byWeek) {
    case (let month?, let week?):
      return eitherDay ? "on \(month), and on \(week)" : "on \(month), but only on \(week)"
    case (let days?, nil), (nil, let days?): return eitherDay ? nil : "on \(days)"
    case (nil, nil): return nil
    }
  }

  /// Nil for every month.
  private var monthWords: String? {
    let months = ValueSet(UInt64(self.months))
    guard months.count < 12 else { return nil }
    return "in \(listed(months.runs.map { run in run.words { monthNames[$0 - 1] } }))"
  }
}

extension CronMonthDays {
  /// `the 4th and 19th`.
  fileprivate var words: String {
    let plain = ValueSet(UInt64(days))
    var items: [String]
    if let step = plain.step, step > 1, plain.count > 4, let first = plain.values.first, let last = plain.values.last {
      items = ["every \(ordinal(step)) day from the \(ordinal(first)) to the \(ordinal(last))"]
    } else {
      items = plain.runs.map { $0.words(ordinal) }
      if !items.isEmpty { items[0] = "the \(items[0])" }
    }
    items += ValueSet(UInt64(nearestWeekday)).values.map { "the weekday nearest to the \(ordinal($0))" }
    for back in ValueSet(UInt64(fromEnd)).values {
      items.append(back == 0 ? "the last day" : "\(back) day\(back == 1 ? "" : "s") before the last")
    }
    if lastWeekday { items.append("the last weekday") }
    return listed(items)
  }
}

extension CronWeekDays {
  /// `weekdays`, `Mondays and the last Friday`.
  fileprivate var words: String {
    var items: [String] =
      switch days & 0x7F {
      case 0b011_1110: ["weekdays"]
      case 0b100_0001: ["weekends"]
      default: Self.inOrder(days).map { weekdayNames[$0] + "s" }
      }
    for (index, set) in nth.enumerated() {
      items += Self.inOrder(set).map { "the \(ordinal(index + 1)) \(weekdayNames[$0])" }
    }
    items += Self.inOrder(last).map { "the last \(weekdayNames[$0])" }
    return listed(items)
  }

  /// Monday first.
  private static func inOrder(_ set: UInt8) -> [Int] {
    [1, 2, 3, 4, 5, 6, 0].filter { set >> UInt8($0) & 1 == 1 }
  }
}

private let monthNames = [
  "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
  "December",
]

private let weekdayNames = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
