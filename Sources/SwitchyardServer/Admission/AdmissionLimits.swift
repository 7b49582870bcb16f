/// How much a server takes on at a time; see ``Admission``.
package struct AdmissionLimits: Hashable, Sendable {
  package var connections = 10_000
  package var requests = 10_000
  package var bodyBytes = 256 << 20
  package var logBytes = 128 << 20
  package var waits = 10_000
  package var subscribers = 256
  /// Instances that have been asked for and are not stored.
  package var queue = 40_000
  /// Submissions of one app.
  package var rate = TokenBucket.Rate(perSecond: 100_000, burst: 200_000)
  /// Submissions with one token, of whatever app.
  package var tokenRate = TokenBucket.Rate(perSecond: 100_000, burst: 200_000)

  package init() {}
}
