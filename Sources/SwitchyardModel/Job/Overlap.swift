/// How many instances of a job may be placed at a time, and what becomes of one that comes when so many are.
///
/// | policy | the one that comes |
/// | --- | --- |
/// | `queue` | waits for its turn, in the order of coming; when ``queue`` wait already, a due time is skipped with a record, a submission is refused |
/// | `discard` | is skipped, with a record |
/// | `fail` | is recorded as failed |
/// | `replace` | waits; the oldest that runs is stopped for it, or else the oldest that waits is cancelled |
///
/// The policy is for what comes new. An instance whose retry, jitter or wished-for time comes when so many are placed
/// waits for its turn under every policy: it has been taken on.
///
/// The limit and policy of the job's newest version count for instances of all its versions.
package struct Overlap: Hashable, Sendable {
  package enum Policy: String, CaseIterable, Sendable {
    case queue, discard, replace, fail
  }

  package var limit: Int64
  package var policy: Policy
  /// How many may wait for their turn, under the policy `queue`.
  package var queue: Int64

  package init(limit: Int64, policy: Policy = .queue, queue: Int64 = 1_000) {
    self.limit = limit
    self.policy = policy
    self.queue = queue
  }
}

extension Overlap {
  /// What to do with an instance that comes.
  package enum Verdict: Hashable, Sendable {
    /// It may be placed.
    case goes
    case waits
    /// It waits, and others have to go for it; see ``surplus(placed:waiting:)``.
    case replaces
    case isSkipped(Skip.Reason)
    case fails
  }

  /// - Parameters:
  ///   - placed: instances of the job that are placed or on their way to it.
  ///   - waiting: instances that wait for their turn.
  package func verdict(placed: Int64, waiting: Int64) -> Verdict {
    if placed < limit, waiting == 0 { return .goes }
    return switch policy {
    case .queue: waiting < queue ? .waits : .isSkipped(.queueFull)
    case .discard: .isSkipped(.overlap)
    case .replace: .replaces
    case .fail: .fails
    }
  }

  /// How many must go so that the newest have room.
  package func surplus(placed: Int64, waiting: Int64) -> Int64 {
    policy == .replace ? max(0, placed + waiting - limit) : 0
  }

  package var failure: String {
    "overlap: the job had as many instances as may run at a time, \(limit), and its policy is to fail"
  }
}
