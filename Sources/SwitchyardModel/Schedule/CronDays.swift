extension CronExpression {
  /// The due days of a month as bits 1...31; 0 when the month is not named.
  func dueDays(year: Int, month: Int) -> UInt32 {
    guard months >> UInt16(month) & 1 == 1 else { return 0 }
    let length = days(inMonth: month, ofYear: year)
    let first = weekday(ofDays: days(ofYear: year, month: month, day: 1))
    let byMonth = monthDays.days(length: length, first: first)
    let byWeek = weekDays.days(length: length, first: first)
    let due = eitherDay ? byMonth | byWeek : byMonth & byWeek
    return due & (UInt32.max >> UInt32(31 - length)) & ~1
  }
}

extension CronMonthDays {
  /// - Parameters:
  ///   - length: of the month in days.
  ///   - first: the weekday of the first, 0 = Sunday.
  func days(length: Int, first: Int) -> UInt32 {
    var due = days
    for back in bits(of: fromEnd) where length - back >= 1 { due |= 1 << UInt32(length - back) }
    for day in bits(of: nearestWeekday) where day <= length {
      due |= 1 << UInt32(Self.weekdayNearest(to: day, length: length, first: first))
    }
    if lastWeekday {
      let last = (first + length - 1) % 7
      due |= 1 << UInt32(length - (last == 6 ? 1 : last == 0 ? 2 : 0))
    }
    return due
  }

  /// A Saturday goes to the Friday before, a Sunday to the Monday after, but never out of the month.
  private static func weekdayNearest(to day: Int, length: Int, first: Int) -> Int {
    switch (first + day - 1) % 7 {
    case 6: day == 1 ? 3 : day - 1
    case 0: day == length ? day - 2 : day + 1
    default: day
    }
  }
}

extension CronWeekDays {
  func days(length: Int, first: Int) -> UInt32 {
    var due: UInt32 = 0
    for weekday in 0..<7 {
      let bit: UInt8 = 1 << UInt8(weekday)
      let earliest = 1 + (weekday - first + 7) % 7
      // Every seventh day from the earliest.
      if days & bit != 0 { due |= 0x1020_4081 << UInt32(earliest) }
      if last & bit != 0 { due |= 1 << UInt32(earliest + (length - earliest) / 7 * 7) }
      for (index, set) in nth.enumerated() where set & bit != 0 && earliest + 7 * index <= length {
        due |= 1 << UInt32(earliest + 7 * index)
      }
    }
    return due
  }
}

private func bits(of set: UInt32) -> some Sequence<Int> {
  sequence(state: set) { rest -> Int? in
    guard rest != 0 else { return nil }
    let bit = rest.trailingZeroBitCount
    rest &= rest - 1
    return bit
  }
}
