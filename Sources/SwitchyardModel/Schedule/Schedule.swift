/// When a job fires by itself.
package enum Schedule: Hashable, Sendable {
  /// Never: only when it is asked to.
  case api
  case cron(CronExpression)
  /// At `anchor + n·period`, however long the runs take.
  case fixedRate(Span)
  /// So long after the end of the run before.
  case fixedDelay(Span)
  /// Once.
  case once(Timestamp)

  /// What a period or delay may be: 10 ms to 10 years of 365 days.
  package static let periods: ClosedRange<Span> = .milliseconds(10) ... .seconds(10 * 365 * 86_400)

  /// The earliest due time later than `after`; nil when none comes.
  ///
  /// - Parameters:
  ///   - anchor: where a fixed rate counts from; the first due time is the anchor itself. For a fixed delay: when the
  ///     run before ended, or when the job came to be.
  ///   - zone: in which a cron expression is read; others do not look at it.
  /// - Returns: for a fixed delay `anchor + delay`, or the next nanosecond when that has passed: it is owed, not lost.
  package func next(after: Timestamp, anchor: Timestamp, zone: TimeZoneRules) -> Timestamp? {
    switch self {
    case .api: return nil
    case .cron(let expression): return expression.next(after: after, in: zone)
    case .fixedRate(let period):
      guard after >= anchor else { return anchor }
      guard period > .zero else { return nil }
      // The distance of two instants may not fit 63 bits, but always fits 64.
      let elapsed = UInt64(bitPattern: after.nanoseconds &- anchor.nanoseconds)
      let remaining = UInt64(period.nanoseconds) - elapsed % UInt64(period.nanoseconds)
      let (next, overflow) = after.nanoseconds.addingReportingOverflow(Int64(remaining))
      return overflow ? nil : Timestamp(nanoseconds: next)
    case .fixedDelay(let delay):
      return Swift.max(anchor + delay, after + .nanoseconds(1))
    case .once(let time):
      return time > after ? time : nil
    }
  }
}

extension Schedule {
  /// The word under which a schedule is written; `none` for jobs that are only started.
  package enum Kind: String, CaseIterable, Sendable { case none, cron, every, delay, at }

  package var kind: Kind {
    switch self {
    case .api: .none
    case .cron: .cron
    case .fixedRate: .every
    case .fixedDelay: .delay
    case .once: .at
    }
  }
}
