import SwitchyardCore
import SwitchyardModel

/// Limits of jobs, counted over the rows that the store has: it is placed what is dispatched or stopping.
extension Checker {
  private func count(of job: JobID, _ fits: (Row) -> Bool) -> Int64 {
    Int64(active.count { id in rows[id].map { $0.job == job && $0.isLimited && fits($0) } ?? false })
  }

  /// An instance is placed.
  mutating func placed(_ row: Row, _ now: Int64) {
    guard row.isLimited, let limits = jobs[row.job]?.limits(at: now, refusals), let limit = limits.map(\.limit).max()
    else {
      return
    }
    let placed = count(of: row.job) { $0.state == .dispatched || $0.state == .stopping }
    require(placed <= limit, "no more of a job are placed than its limit", "\(placed) of \(limit)", now)
  }

  /// An instance is stored to wait for its turn. Those that are let through stay `queued` until a worker is found.
  mutating func lined(up instance: Instance, _ now: Int64) {
    require(
      instance.shard == Shard(of: instance.job), "who waits in line is where it is counted", "\(instance.id)", now)
    // Where the newest take the place of the older, these are cancelled once the newest are stored.
    guard let limits = jobs[instance.job]?.limits(at: now, refusals), limits.allSatisfy({ $0.policy == .queue }) else {
      return
    }
    let bound = limits.map { $0.limit + $0.queue }.max() ?? 0
    let queued = count(of: instance.job) { $0.state == .queued }
    require(queued <= bound, "no more of a job wait than may", "\(queued) of \(bound)", now)
  }

  /// After a calm minute only the newest wait where they take the place of the older.
  mutating func linesAreShort(_ now: Int64) {
    for id in jobOrder {
      guard let job = jobs[id], let limits = job.limits(at: now, refusals), limits.count == 1,
        limits[0].policy == .replace
      else { continue }
      let queued = count(of: id) { $0.state == .queued }
      require(queued <= limits[0].limit, "the newest take the place of the older", "\(queued) wait", now)
    }
  }
}

extension JobMirror {
  /// What was decided before an edit may be committed a while after it, or after the store takes commits again.
  static let limitGrace = 60 * second

  /// The limits that may be in force; nil when there may be none.
  fileprivate func limits(at now: Int64, _ refusals: (began: Int64, last: Int64)?) -> [Overlap]? {
    let old = oldLimits.filter { limit in
      limit.until > now || refusals.map { limit.until > $0.began && $0.last + Self.limitGrace > now } ?? false
    }
    let all = old.map(\.overlap) + [spec.overlap]
    let limits = all.compactMap { $0 }
    return limits.count == all.count ? limits : nil
  }
}
