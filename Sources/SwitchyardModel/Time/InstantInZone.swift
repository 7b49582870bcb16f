/// An instant as people write it: with its offset from UTC, or as a clock on the wall shows it, in a zone to be named.
package enum InstantInZone: Hashable, Sendable {
  case instant(Timestamp)
  case local(CivilTime)

  static let acceptedText =
    "a time such as \"2026-03-29T01:30:00Z\", or without an offset, as a clock of the job's zone shows it: "
    + "\"2026-03-29T03:30\""

  /// RFC 3339, where the offset, and then also the seconds, may be left out.
  package init(parsing text: String) throws(FieldError) {
    let isBare = text.utf8.count == 16 || text.utf8.count == 19
    let whole = isBare ? text + (text.utf8.count == 16 ? ":00Z" : "Z") : text
    do {
      let time = try Timestamp(parsing: whole)
      self = isBare ? .local(CivilTime(secondsSince1970: time.seconds)) : .instant(time)
    } catch {
      throw FieldError(mustBe: Self.acceptedText, found: quoted(text))
    }
  }

  /// The instant, and what there is to say where the zone's clocks were changed over that time. Of a time that came
  /// twice it is the first, of one that never came the change.
  package func instant(in zone: TimeZoneRules) -> (Timestamp, clock: String?) {
    switch self {
    case .instant(let time): return (time, nil)
    case .local(let civil):
      switch zone.instants(of: civil) {
      case .once(let time): return (time, nil)
      case .twice(let first, let second):
        return (
          first,
          "that time came twice in \(zone.identifier), at \(first) and at \(second): fixed times of a cron expression "
            + "are due at the first, wildcards at both"
        )
      case .skipped(let change):
        return (
          change,
          "that time never came in \(zone.identifier), the clocks were set forward at \(change): fixed times of a cron "
            + "expression are due at the change, wildcards not at all"
        )
      }
    }
  }
}
