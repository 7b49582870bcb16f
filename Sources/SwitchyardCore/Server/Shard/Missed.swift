import SwitchyardModel

/// Due times that came and went while nobody fired. The last of them fires; those before it are one record.
struct Missed: Hashable, Sendable {
  let first: Timestamp
  let last: Timestamp
  /// How many are skipped; nil: more than ``countLimit``.
  let count: Int64?

  static let countLimit: Int64 = 1_000

  /// Nil where only one due time has come.
  ///
  /// The last one is found by halving the time between, so that an hour of a job that is due each second is
  /// a few dozen steps; only up to ``countLimit`` are counted one by one.
  init?(of job: Job, since first: Timestamp, until now: Timestamp, _ zone: TimeZoneRules) {
    let next = { (time: Timestamp) in job.spec.schedule.next(after: time, anchor: job.anchor, zone: zone) }
    self.first = first
    switch job.spec.schedule {
    case .api, .once, .fixedDelay: return nil
    case .fixedRate(let period):
      guard period > .zero else { return nil }
      let skipped = (now - first).nanoseconds / period.nanoseconds
      guard skipped > 0 else { return nil }
      count = skipped
      last = first + period * skipped
    case .cron:
      guard let second = next(first), second <= now else { return nil }
      // Invariant: the due time after `low` has come, the one after `high` has not.
      var low = first
      var high = now
      while (high - low).nanoseconds > 1 {
        let middle = low + Span(nanoseconds: (high - low).nanoseconds / 2)
        if let time = next(middle), time <= now { low = middle } else { high = middle }
      }
      last = next(low) ?? second
      var counted: Int64 = 1
      var time = second
      while time < last, counted <= Self.countLimit, let later = next(time) {
        counted += 1
        time = later
      }
      count = time < last ? nil : counted
    }
  }

  var detail: String {
    let many = count.map { $0 == 1 ? "1 due time" : "\($0) due times" } ?? "more than \(Self.countLimit) due times"
    return "misfire: \(many) from \(first) on passed while nobody fired; the last one, \(last), fires now"
  }
}
