/// What becomes of due times that came and went while nobody fired: the server was down, its store did not write, or the
/// clock was set forward. A due time is *missed* when it is late by more than the threshold.
///
/// | policy | none is missed | some are missed |
/// | --- | --- | --- |
/// | `fire-once` | each fires | of all that have come the last one fires, those before it are skipped |
/// | `skip` | each fires | the missed ones are skipped |
/// | `fire-all` | each fires | the latest ``limit`` of the missed ones fire, those before them are skipped |
///
/// What is skipped in one go is one record, however many due times it stands for: an hour of a job that is due each
/// 10 ms is not 360,000 rows. A fixed delay is counted from a run: its due time can be late, but none is ever missed.
package struct Misfire: Hashable, Sendable {
  package enum Policy: String, CaseIterable, Sendable {
    case fireOnce = "fire-once"
    case skip
    case fireAll = "fire-all"
  }

  package var policy: Policy
  package var threshold: Span
  /// How many of those that were missed `fire-all` fires.
  package var limit: Int64

  package init(policy: Policy = .fireOnce, threshold: Span = .seconds(60), limit: Int64 = 100) {
    self.policy = policy
    self.threshold = threshold
    self.limit = limit
  }
}

extension JobSpec {
  /// The due times to be skipped, `first` before all; nil: `first` fires.
  ///
  /// To be asked again for the due time that follows: the answer needs no memory of those before.
  ///
  /// - Parameters:
  ///   - first: a due time that has come.
  ///   - anchor: where a fixed rate counts from.
  package func missed(from first: Timestamp, at now: Timestamp, anchor: Timestamp, zone: TimeZoneRules) -> Skip? {
    let latest = now - misfire.threshold - .nanoseconds(1)
    guard first <= latest else { return nil }
    let line = DueLine(spec: self, anchor: anchor, zone: zone)
    let now = endsAt.map { min(now, $0 - .nanoseconds(1)) } ?? now
    let lastMissed = min(now, latest)
    let last: Timestamp?
    switch (schedule, misfire.policy) {
    case (.api, _), (.fixedDelay, _): return nil
    case (_, .skip): last = line.latest(from: first, until: lastMissed)
    case (_, .fireOnce):
      let newest = line.latest(from: first, until: now)
      last = newest == first ? nil : line.latest(from: first, until: newest - .nanoseconds(1))
    case (_, .fireAll): last = line.latest(from: first, until: lastMissed, leaving: max(1, misfire.limit))
    }
    return last.map { Skip(reason: .misfire, first: first, last: $0, count: line.count(from: first, through: $0)) }
  }
}
