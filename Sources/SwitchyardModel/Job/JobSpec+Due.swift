/// The due times of a job: those of its schedule that fall into its life, and when each may start.
extension JobSpec {
  /// The earliest due time later than `after`, from `startsAt` on and before `endsAt`; nil when none comes.
  ///
  /// - Parameter anchor: where a fixed rate counts from, see ``anchor(at:)``; see ``Schedule/next(after:anchor:zone:)``.
  package func nextDue(after: Timestamp, anchor: Timestamp, zone: TimeZoneRules) -> Timestamp? {
    let after = startsAt.map { max(after, $0 - .nanoseconds(1)) } ?? after
    guard let due = schedule.next(after: after, anchor: anchor, zone: zone), !isOver(at: due) else { return nil }
    return due
  }

  /// The due time of a fixed delay whose run is over now; nil when it would be after the job's life.
  package func dueAfterRun(endedAt now: Timestamp, delay: Span) -> Timestamp? {
    let due = max(now + delay, startsAt ?? .distantPast)
    return isOver(at: due) ? nil : due
  }

  /// Whether the job's life has ended.
  package func isOver(at time: Timestamp) -> Bool { endsAt.map { time >= $0 } ?? false }

  /// Whether nothing may be due at this time.
  package func isOutsideLife(_ time: Timestamp) -> Bool { isOver(at: time) || startsAt.map { time < $0 } ?? false }

  /// Where a fixed rate counts from when the job comes to be: the start of its life, or else now.
  package func anchor(at now: Timestamp) -> Timestamp {
    if case .fixedRate = schedule { return startsAt ?? now }
    return now
  }

  /// When the instance of a due time may start: the due time and its share of the jitter, which is the same whoever works
  /// it out, and differs between jobs and between due times.
  package func start(of due: Timestamp, job: JobID) -> Timestamp {
    let random = mix64(job.rawValue ^ mix64(UInt64(bitPattern: due.nanoseconds)))
    let share = random.multipliedFullWidth(by: UInt64(max(0, jitter.nanoseconds))).high
    return due + Span(nanoseconds: Int64(share))
  }
}
