import HTTPTypes
import SwitchyardModel
import SwitchyardSystem
import Synchronization

/// One ``TokenBucket`` for each app, or each token.
final class RateLimiter: Sendable {
  private struct State {
    /// Buckets that are kept; one that is full need not be.
    static let limit = 10_000

    var buckets: [String: TokenBucket] = [:]
    var refused: UInt64 = 0

    /// Full buckets are as good as none. Where all are in use they begin anew, which lets each through once more.
    mutating func makeRoom(_ rate: TokenBucket.Rate, at now: BootTime) {
      for name in Array(buckets.keys) {
        if buckets[name]?.isFull(rate, at: now) == true { buckets[name] = nil }
      }
      if buckets.count >= Self.limit { buckets.removeAll() }
    }
  }

  private let rate: TokenBucket.Rate
  private let what: String
  private let now: @Sendable () -> BootTime
  private let state = Mutex(State())

  /// - Parameter what: "submissions to the app", followed by the name in what is said to those who are refused.
  init(
    _ rate: TokenBucket.Rate, _ what: String, now: @escaping @Sendable () -> BootTime = { SystemClock.boot() }
  ) {
    self.rate = rate
    self.what = what
    self.now = now
  }

  var refused: UInt64 { state.withLock { $0.refused } }

  /// - Throws: 429 with `Retry-After`.
  func take(_ count: Int, for name: String) throws(APIError) {
    guard let wait = wait(count, for: name) else { return }
    throw APIError(
      status: .tooManyRequests,
      detail: "too many \(what) \(quoted(name)): \(Int(rate.perSecond)) a second, and \(Int(rate.burst)) at once",
      retryAfter: wait)
  }

  /// Takes so many, or tells how long to wait.
  func wait(_ count: Int, for name: String) -> Span? {
    guard rate.perSecond > 0 else { return nil }
    let now = now()
    return state.withLock { state in
      if state.buckets[name] == nil, state.buckets.count >= State.limit { state.makeRoom(rate, at: now) }
      let wait = state.buckets[name, default: TokenBucket(full: rate, at: now)].take(Double(count), rate, at: now)
      if wait != nil { state.refused += 1 }
      return wait
    }
  }
}
