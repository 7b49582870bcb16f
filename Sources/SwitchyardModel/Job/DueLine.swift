/// The due times of a job in order, searched by halving the time between, so that an hour of a job that is due each
/// second is a few dozen steps.
struct DueLine {
  let spec: JobSpec
  let anchor: Timestamp
  let zone: TimeZoneRules

  private func next(_ after: Timestamp) -> Timestamp? { spec.nextDue(after: after, anchor: anchor, zone: zone) }

  /// The latest due time that is not later than `until`, where `first` is a due time that is not.
  func latest(from first: Timestamp, until: Timestamp) -> Timestamp {
    var (low, high) = (first, until)
    // `low` is due, and nothing is due later than `high` and not later than `until`.
    while let following = next(low), following <= high {
      let middle = following + Span(nanoseconds: (high - following).nanoseconds / 2)
      if let later = next(middle), later <= high {
        low = later
      } else {
        (low, high) = (following, middle)
      }
    }
    return low
  }

  /// The latest due time that so many others follow until then; nil when `first` is among the last so many.
  func latest(from first: Timestamp, until: Timestamp, leaving rest: Int64) -> Timestamp? {
    guard exceed(rest - 1, after: first, until: until) else { return nil }
    var (low, high) = (first, until)
    // Times of a cron expression are whole seconds.
    let grain: Int64 = if case .cron = spec.schedule { 1_000_000_000 } else { 1 }
    // More than `rest - 1` follow `low`, no more than that follow `high`.
    while (high - low).nanoseconds > grain {
      let middle = low + Span(nanoseconds: (high - low).nanoseconds / 2)
      if exceed(rest - 1, after: middle, until: until) { low = middle } else { high = middle }
    }
    return latest(from: first, until: low)
  }

  /// Whether more than so many are due later than `time` and not later than `until`.
  private func exceed(_ number: Int64, after time: Timestamp, until: Timestamp) -> Bool {
    var (time, left) = (time, number)
    if case .fixedRate(let period) = spec.schedule, let one = next(time), one <= until {
      return (until - one).nanoseconds / max(1, period.nanoseconds) >= number
    }
    while let due = next(time), due <= until {
      if left == 0 { return true }
      left -= 1
      time = due
    }
    return false
  }

  /// The latest due time before `time`, looked for in ever longer stretches of time; nil: none within ten years.
  func latest(before time: Timestamp) -> Timestamp? {
    var back = Span.seconds(60)
    while back < .seconds(10 * 366 * 86_400) {
      if let first = next(time - back), first < time { return latest(from: first, until: time - .nanoseconds(1)) }
      back = back * 8
    }
    return nil
  }

  /// How many are due from `first` through `last`; nil: more than ``Skip/countLimit``.
  func count(from first: Timestamp, through last: Timestamp) -> Int64? {
    if case .fixedRate(let period) = spec.schedule {
      return (last - first).nanoseconds / max(1, period.nanoseconds) + 1
    }
    var (count, time) = (Int64(1), first)
    while time < last, let due = next(time) {
      count += 1
      if count > Skip.countLimit { return nil }
      time = due
    }
    return count
  }
}
