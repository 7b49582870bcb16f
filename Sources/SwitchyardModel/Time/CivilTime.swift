/// A date and time of day as a calendar and a clock on the wall show them (proleptic Gregorian), without a zone.
///
/// Days are converted by the algorithms of Howard Hinnant, "chrono-compatible low-level date algorithms"
/// (https://howardhinnant.github.io/date_algorithms.html): eras of 400 years that begin on a 1 March, so that the
/// leap day is the last of its year.
package struct CivilTime: Hashable, Sendable {
  package var year: Int
  /// 1...12
  package var month: Int
  /// 1...31
  package var day: Int
  /// 0...23
  package var hour: Int
  package var minute: Int
  package var second: Int

  package init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
    (self.year, self.month, self.day) = (year, month, day)
    (self.hour, self.minute, self.second) = (hour, minute, second)
  }

  /// - Parameter local: seconds since 1970-01-01T00:00:00 on that clock.
  package init(secondsSince1970 local: Int64) {
    let days = floorDivide(local, 86_400)
    let rest = Int(local - days * 86_400)
    let date = civil(ofDays: Int(days))
    self.init(
      year: date.year, month: date.month, day: date.day, hour: rest / 3600, minute: rest / 60 % 60, second: rest % 60)
  }

  package var secondsSince1970: Int64 {
    Int64(days(ofYear: year, month: month, day: day)) * 86_400 + Int64(hour * 3600 + minute * 60 + second)
  }
}

/// Days from 1970-01-01 to that date. The day may lie outside of its month: it is simply added.
package func days(ofYear year: Int, month: Int, day: Int) -> Int {
  let shifted = month <= 2 ? year - 1 : year
  let era = (shifted >= 0 ? shifted : shifted - 399) / 400
  let yearOfEra = shifted - era * 400
  let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
  let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

/// The date so many days after 1970-01-01.
package func civil(ofDays days: Int) -> (year: Int, month: Int, day: Int) {
  let shifted = days + 719_468
  let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
  let dayOfEra = shifted - era * 146_097
  let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let monthFromMarch = (5 * dayOfYear + 2) / 153
  let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
}

/// 0 = Sunday … 6 = Saturday. 1970-01-01 was a Thursday.
package func weekday(ofDays days: Int) -> Int {
  let remainder = (days + 4) % 7
  return remainder < 0 ? remainder + 7 : remainder
}

package func isLeap(year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

/// The length of a month, 1...12.
package func days(inMonth month: Int, ofYear year: Int) -> Int {
  if month == 2 { return isLeap(year: year) ? 29 : 28 }
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31
}

/// Division that rounds down also below zero; the divisor is positive.
func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
  let (quotient, remainder) = a.quotientAndRemainder(dividingBy: b)
  return remainder < 0 ? quotient - 1 : quotient
}
