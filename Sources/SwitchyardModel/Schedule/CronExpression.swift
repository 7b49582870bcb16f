/// A cron expression: `minute hour day-of-month month day-of-week`, or six fields with the second first.
///
/// | written | means |
/// | --- | --- |
/// | `*` | every value |
/// | `?` | every value; one of the two day fields, to leave the choice to the other |
/// | `5`, `MAR`, `FRI` | that value; names in any letter case |
/// | `9-17`, `MON-FRI` | from, to |
/// | `22-2`, `FRI-MON` | a range may wrap around: 22, 23, 0, 1, 2 |
/// | `*/15`, `9-17/2` | every 15th value of the range, from its first |
/// | `5/15` | the same as `5-59/15`, to the end of the field (as in Quartz) |
/// | `1,15,L` | a list of any of these |
/// | `L`, `L-3` | day-of-month: the last day, three days before the last |
/// | `15W`, `LW` | day-of-month: the weekday nearest to the 15th, in the same month; the last weekday |
/// | `5L`, `FRIL` | day-of-week: the last Friday of the month |
/// | `5#3`, `FRI#3` | day-of-week: the third Friday of the month |
/// | `@yearly` … | also `@annually`, `@monthly`, `@weekly`, `@daily`, `@midnight`, `@hourly` |
///
/// Day-of-week counts as cron does, with five fields and with six: 0 = Sunday … 6 = Saturday, 7 = Sunday.
/// (Quartz counts 1 = Sunday: expressions from there should use names.)
///
/// When both day fields are restricted, a day that fits *either* is due; when one of them begins with `*` or is `?`,
/// a day must fit *both*. This is the rule of Vixie's and Debian's cron: `0 0 13 * FRI` is each 13th and each Friday.
///
/// For what happens when clocks change see ``next(after:in:)``.
package struct CronExpression: Hashable, Sendable, CustomStringConvertible {
  /// As it was written, without space around it.
  package let text: String
  /// Bit n: the value n.
  let seconds: UInt64
  let minutes: UInt64
  let hours: UInt32
  let months: UInt16
  let monthDays: CronMonthDays
  let weekDays: CronWeekDays
  /// Both day fields are restricted: either is enough.
  let eitherDay: Bool
  /// Hour or minute begins with `*`: the expression follows the elapsed time and not the clock on the wall.
  let isWildcard: Bool

  package var description: String { text }

  /// The length of an expression in bytes.
  package static let lengthLimit = 256
}
