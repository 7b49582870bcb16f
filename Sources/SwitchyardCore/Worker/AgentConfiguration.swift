package import SwitchyardModel

/// The limits by which a worker's protocol runs. The defaults suit a lease of about twelve seconds.
package struct AgentConfiguration: Hashable, Sendable {
  /// Back-off of reconnection: a random part (full jitter) of `backoffBase · 2ⁿ`, which is at most
  /// `backoffCap`, on top of `backoffFloor`.
  package var backoffFloor: Span = .milliseconds(20)
  package var backoffBase: Span = .milliseconds(200)
  package var backoffCap: Span = .seconds(5)
  /// After a refusal that will not pass soon: between half of this and all of it.
  package var refusedBackoff: Span = .seconds(20)
  /// How long a connection may take to open, and then how long the welcome may take.
  package var connectTimeout: Span = .seconds(10)
  package var welcomeTimeout: Span = .seconds(10)
  /// So long before the grant ends everything is killed. Never more than a quarter of the lease.
  package var killMargin: Span = .seconds(2)
  /// An unacknowledged result is repeated on the same stream after this.
  package var resendAfter: Span = .seconds(5)
  /// Finished attempts kept for their acknowledgement; beyond that, assignments are rejected.
  package var resultLimit = 4096
  /// Rejections remembered for a stream; beyond that, the stream is opened anew.
  package var rejectionLimit = 4096
  /// Names of metrics kept, numbers and texts each.
  package var metricLimit = 1024

  package init() {}
}

/// What a worker refused or ignored; nothing is dropped silently.
package struct AgentCounters: Hashable, Sendable {
  /// Events of a stream that is not the current one.
  package var otherStream: UInt64 = 0
  /// Assignments and stops of an owner that has been succeeded.
  package var fenced: UInt64 = 0
  /// Assignments of an attempt that is held already.
  package var doubles: UInt64 = 0
  /// Assignments of an attempt older than one that is held.
  package var stale: UInt64 = 0
  package var rejected: UInt64 = 0
  /// Attempts killed because the lease ended.
  package var isolated: UInt64 = 0
  package var judged: UInt64 = 0
  /// Messages that made no sense in their place, or passed a bound.
  package var ignored: UInt64 = 0

  package init() {}
}
