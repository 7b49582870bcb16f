/// What a server takes on at a time. Each has a bound, and whoever is over one is told when to come again.
///
/// | what | bound | beyond it |
/// | --- | --- | --- |
/// | connections | `connections` | wait in the kernel until one closes |
/// | requests under way | `requests` | 503 |
/// | bytes of bodies in memory | `bodyBytes` | 503 |
/// | bytes of logs that are being written to their readers | `logBytes` | wait for others to be done |
/// | those who wait for an instance or follow its log | `waits` | 503 |
/// | those who follow events | `subscribers` | 503 |
/// | submissions of an app, of a token | `rate`, `tokenRate` | 429 |
/// | instances that are not stored yet, fair between apps | `queue`, see `FreshQueue` of the core | 429 |
/// | operations that wait for a commit | `commitQueue` of the core | 429 |
final class Admission: Sendable {
  let limits: AdmissionLimits
  let requests: Seats
  let bodies: Seats
  let logs: Seats
  let waits: Seats
  let subscribers: Seats
  let rates: RateLimiter
  let tokenRates: RateLimiter

  init(_ limits: AdmissionLimits) {
    self.limits = limits
    requests = Seats(limits.requests, "requests under way")
    bodies = Seats(limits.bodyBytes, "bytes of requests in memory")
    logs = Seats(limits.logBytes, "bytes of logs on their way")
    waits = Seats(limits.waits, "waiting requests and followers of logs")
    subscribers = Seats(limits.subscribers, "followers of events")
    rates = RateLimiter(limits.rate, "submissions to the app")
    tokenRates = RateLimiter(limits.tokenRate, "submissions with the token")
  }
}
