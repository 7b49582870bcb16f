/// A time zone: which offset from UTC its clocks showed and will show, at every instant.
///
/// Made of the table of a TZif file and, for times past the table, of its POSIX rule; see ``init(identifier:tzif:)``.
package struct TimeZoneRules: Hashable, Sendable {
  /// `Europe/Paris`; `UTC`.
  package let identifier: String
  /// Instants (seconds since 1970) at which `offsets[i + 1]` begins to hold, strictly ascending.
  let transitions: [Int64]
  /// Offsets in seconds east of UTC; one more than `transitions`.
  let offsets: [Int32]
  /// What holds from the last transition on; nil: its offset, for ever.
  let footer: PosixRule?

  package static let utc = TimeZoneRules(identifier: "UTC", transitions: [], offsets: [0], footer: nil)

  /// Seconds east of UTC.
  package func offset(at instant: Timestamp) -> Int32 { period(at: instant.seconds).offset }

  /// The date and time that this zone's clocks show.
  package func civil(at instant: Timestamp) -> CivilTime {
    CivilTime(secondsSince1970: instant.seconds + Int64(offset(at: instant)))
  }
}

/// A stretch of time with one offset: `start..<end`, in seconds since 1970.
struct ZonePeriod: Hashable, Sendable {
  var start: Int64
  var end: Int64
  var offset: Int32
  /// What held before `start`; equal to `offset` where nothing changed, or nothing was before.
  var offsetBefore: Int32
}

extension TimeZoneRules {
  /// The period that holds this instant, in seconds since 1970. The table is searched by halves; past its end the rule
  /// gives the changes of the year and of its neighbours.
  func period(at second: Int64) -> ZonePeriod {
    var low = 0
    var high = transitions.count
    while low < high {
      let middle = (low + high) / 2
      if transitions[middle] <= second { low = middle + 1 } else { high = middle }
    }
    var period = ZonePeriod(
      start: low == 0 ? .min : transitions[low - 1], end: low == transitions.count ? .max : transitions[low],
      offset: offsets[low], offsetBefore: offsets[low == 0 ? 0 : low - 1])
    guard low == transitions.count, let footer else { return period }

    let ruled = footer.period(at: second)
    if ruled.start > period.start {
      period.start = ruled.start
      period.offsetBefore = ruled.offsetBefore
    }
    period.offset = ruled.offset
    period.end = ruled.end
    return period
  }
}

/// What instants a time on a clock on the wall stands for.
package enum LocalTimeMeaning: Hashable, Sendable {
  case once(Timestamp)
  /// The clocks were set back over this time: it came twice.
  case twice(Timestamp, Timestamp)
  /// The clocks were set forward over this time: it never came. The instant is that of the change.
  case skipped(Timestamp)
}

extension TimeZoneRules {
  package func instants(of civil: CivilTime) -> LocalTimeMeaning {
    let local = civil.secondsSince1970
    // Offsets are within −25...26 hours (RFC 9636, 3.1): no other period can show this time.
    var period = period(at: local - 26 * 3600)
    var found: [Int64] = []
    var gap: Int64?
    while period.start <= local + 25 * 3600 {
      let instant = local - Int64(period.offset)
      if instant >= period.start, instant < period.end, instant != found.last { found.append(instant) }
      if instant < period.start, local - Int64(period.offsetBefore) >= period.start, gap == nil { gap = period.start }
      guard period.end < .max else { break }
      period = self.period(at: period.end)
    }
    if let first = found.first {
      return found.count == 1
        ? .once(Timestamp(seconds: first)) : .twice(Timestamp(seconds: first), Timestamp(seconds: found[1]))
    }
    return .skipped(Timestamp(seconds: gap ?? local))
  }
}
