/// The rule of a POSIX `TZ` string, as the footer of a TZif file holds it: `CET-1CEST,M3.5.0,M10.5.0/3`
/// (IEEE Std 1003.1, 8.3; with the hours −167...167 of RFC 9636, 3.3.1).
struct PosixRule: Hashable, Sendable {
  /// Seconds east of UTC (the string counts westwards).
  var standard: Int32
  var daylight: Daylight?

  struct Daylight: Hashable, Sendable {
    var offset: Int32
    var start: Change
    var end: Change
  }

  /// A day of the year, and seconds after its midnight on the clock that is changed.
  struct Change: Hashable, Sendable {
    var day: Day
    var time: Int32
  }

  enum Day: Hashable, Sendable {
    /// `Jn`: 1...365, 29 February is never counted.
    case julian(Int)
    /// `n`: 0...365, 29 February is counted.
    case ordinal(Int)
    /// `Mm.w.d`: that weekday (0 = Sunday) of week 1...5 of the month; 5 is the last.
    case monthly(month: Int, week: Int, weekday: Int)

    /// Days since 1970.
    func days(ofYear year: Int) -> Int {
      let newYear = SwitchyardModel.days(ofYear: year, month: 1, day: 1)
      switch self {
      case .julian(let day): return newYear + day - 1 + (isLeap(year: year) && day >= 60 ? 1 : 0)
      case .ordinal(let day): return newYear + day
      case .monthly(let month, let week, let wanted):
        let first = SwitchyardModel.days(ofYear: year, month: month, day: 1)
        var day = (wanted - weekday(ofDays: first) + 7) % 7 + 7 * (week - 1)
        if day >= SwitchyardModel.days(inMonth: month, ofYear: year) { day -= 7 }
        return first + day
      }
    }
  }

  /// The period around an instant, from the changes of the years around it.
  func period(at second: Int64) -> ZonePeriod {
    guard let daylight else { return ZonePeriod(start: .min, end: .max, offset: standard, offsetBefore: standard) }
    let year = civil(ofDays: Int(floorDivide(second, 86_400))).year
    var changes: [(at: Int64, offset: Int32)] = []
    changes.reserveCapacity(8)
    for year in year - 1...year + 2 {
      let start = Int64(daylight.start.day.days(ofYear: year)) * 86_400 + Int64(daylight.start.time - standard)
      let end = Int64(daylight.end.day.days(ofYear: year)) * 86_400 + Int64(daylight.end.time - daylight.offset)
      let ordered =
        start <= end ? [(start, daylight.offset), (end, standard)] : [(end, standard), (start, daylight.offset)]
      for change in ordered {
        // Daylight time all the year is written as an end at the very instant of the next start: neither is a change.
        while let last = changes.last, last.at >= change.0 { changes.removeLast() }
        if changes.last?.offset != change.1 { changes.append((change.0, change.1)) }
      }
    }
    let next = changes.firstIndex { $0.at > second } ?? changes.count
    let other = changes[0].offset == standard ? daylight.offset : standard
    let offset = next == 0 ? other : changes[next - 1].offset
    return ZonePeriod(
      start: next == 0 ? .min : changes[next - 1].at, end: next == changes.count ? .max : changes[next].at,
      offset: offset, offsetBefore: offset == standard ? daylight.offset : standard)
  }
}
