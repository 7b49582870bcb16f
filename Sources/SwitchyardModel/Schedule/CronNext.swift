extension CronExpression {
  /// The earliest due time later than an instant; nil when none comes within 41 years (29 February falls on a given
  /// weekday at least every 40 years, over a century without a leap day) or before the clock ends in 2262.
  ///
  /// Where clocks change, the rule is that of Debian's cron (cron(8), "DAYLIGHT SAVING TIME AND OTHER TIME CHANGES"),
  /// here for changes of any size:
  ///
  /// - *Fixed times* (neither hour nor minute begins with `*`) are due once for each time on the wall. When the clock
  ///   is set back, the first of two equal times counts. When it is set forward, all times that were skipped are due
  ///   together, once, at the instant of the change: `30 2 * * *` in Paris is due at 03:00 on that Sunday.
  /// - *Wildcards* (hour or minute begins with `*`) follow the elapsed time: they are due whenever the clock shows a
  ///   fitting time, twice when it shows it twice, and not at all when it is skipped: `*/30 * * * *` is due every half
  ///   hour, and `* 2 * * *` never on that Sunday.
  ///
  /// The search jumps: over months that have no due day by one test each, over periods of the zone by two steps a year.
  package func next(after: Timestamp, in zone: TimeZoneRules) -> Timestamp? {
    var second = after.seconds + 1
    let horizon = second + 41 * 366 * 86_400
    var period = zone.period(at: second)
    // All is compared on the clock on the wall, as seconds since 1970 that it shows.
    var local = second + Int64(period.offset)
    if !isWildcard, period.start > .min {
      let shownBefore = period.start + Int64(period.offsetBefore)
      local = second == period.start ? shownBefore : max(local, shownBefore)
    }
    while second <= horizon {
      let end = min(period.end, horizon + 1)
      if let due = nextLocal(from: local, before: end + Int64(period.offset)) {
        // Earlier than the period began: a time that was skipped.
        return Self.timestamp(max(due - Int64(period.offset), second))
      }
      local = end + Int64(period.offset)
      second = end
      guard second <= horizon else { return nil }
      period = zone.period(at: second)
      if isWildcard { local = second + Int64(period.offset) }
    }
    return nil
  }

  private static func timestamp(_ second: Int64) -> Timestamp? {
    let (nanoseconds, overflow) = second.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? nil : Timestamp(nanoseconds: nanoseconds)
  }

  /// The first fitting time of a clock that is never changed, in `from..<before`.
  private func nextLocal(from: Int64, before: Int64) -> Int64? {
    guard from < before else { return nil }
    let startDay = Int(floorDivide(from, 86_400))
    let lastDay = Int(floorDivide(before - 1, 86_400))
    var (year, month, day) = civil(ofDays: startDay)
    var startSecond: Int? = Int(from - Int64(startDay) * 86_400)
    while true {
      let monthStart = days(ofYear: year, month: month, day: 1) - 1
      guard monthStart + day <= lastDay else { return nil }
      var due = dueDays(year: year, month: month) & (UInt32.max << UInt32(day))
      // On the first day only what is left of it counts; later days have every time.
      if let start = startSecond, due >> UInt32(day) & 1 == 1 {
        if let time = nextTime(from: start) { return within(monthStart + day, time, before) }
        due &= ~(1 << UInt32(day))
      }
      startSecond = nil
      if due != 0 {
        guard let time = nextTime(from: 0) else { return nil }
        return within(monthStart + due.trailingZeroBitCount, time, before)
      }
      (year, month, day) = nextMonth(year, month)
    }
  }

  private func within(_ day: Int, _ time: Int, _ before: Int64) -> Int64? {
    let due = Int64(day) * 86_400 + Int64(time)
    return due < before ? due : nil
  }

  /// The first day of the next month that is named.
  private func nextMonth(_ year: Int, _ month: Int) -> (Int, Int, Int) {
    let later = months & (month < 12 ? UInt16.max << UInt16(month + 1) : 0)
    return later != 0 ? (year, later.trailingZeroBitCount, 1) : (year + 1, months.trailingZeroBitCount, 1)
  }

  /// The first fitting second of a day that is not before `from`.
  private func nextTime(from: Int) -> Int? {
    var (hour, minute, second) = (from / 3600, from / 60 % 60, from % 60)
    if hours >> UInt32(hour) & 1 == 1 {
      if minutes >> UInt64(minute) & 1 == 1 {
        let left = seconds >> UInt64(second)
        if left != 0 { return (hour * 60 + minute) * 60 + second + left.trailingZeroBitCount }
      }
      minute += 1
      let left = minutes >> UInt64(minute)
      if left != 0 { return (hour * 60 + minute + left.trailingZeroBitCount) * 60 + seconds.trailingZeroBitCount }
    }
    hour += 1
    second = seconds.trailingZeroBitCount
    let left = hours >> UInt32(hour)
    guard left != 0 else { return nil }
    return ((hour + left.trailingZeroBitCount) * 60 + minutes.trailingZeroBitCount) * 60 + second
  }
}
