import SwitchyardModel

/// How often something may be done: a bucket that fills at a steady rate up to a bound (ITU-T I.371's "leaky bucket" as a
/// meter; RFC 2697).
package struct TokenBucket: Sendable {
  package struct Rate: Hashable, Sendable {
    /// Of how many a second; 0: no bound.
    package var perSecond: Double
    /// How many at once, after a rest.
    package var burst: Double
    package init(perSecond: Double, burst: Double) {
      self.perSecond = perSecond
      self.burst = max(1, burst)
    }
  }

  private var level: Double
  private var filledAt: BootTime

  init(full rate: Rate, at now: BootTime) {
    level = rate.burst
    filledAt = now
  }

  /// Takes so many, or tells how long it is until they are there. More than the bucket holds may be taken when it is full;
  /// then it is below zero for a while.
  mutating func take(_ count: Double, _ rate: Rate, at now: BootTime) -> Span? {
    fill(rate, at: now)
    let needed = min(count, rate.burst)
    guard level < needed else {
      level -= count
      return nil
    }
    let seconds = min((needed - level) / rate.perSecond, 3600)
    return Span(nanoseconds: Int64((seconds * 1e9).rounded()))
  }

  /// Whether it is as a new one would be.
  mutating func isFull(_ rate: Rate, at now: BootTime) -> Bool {
    fill(rate, at: now)
    return level >= rate.burst
  }

  private mutating func fill(_ rate: Rate, at now: BootTime) {
    let passed = (now - filledAt).seconds
    level = min(rate.burst, level + max(0, passed) * rate.perSecond)
    filledAt = now
  }
}
