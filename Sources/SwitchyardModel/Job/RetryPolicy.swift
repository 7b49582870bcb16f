/// How often and when an instance is tried again after a try that counts: exponential back-off with jitter.
///
/// Jitter spreads the retries of jobs that failed together, as the AWS architecture blog measured ("Exponential
/// Backoff And Jitter", Marc Brooker, 2015): `jitter` 1 is its "full jitter", 0.5 its "equal jitter", 0 none.
package struct RetryPolicy: Hashable, Sendable {
  /// How many retries follow the first try; 0 = none.
  package var limit: UInt32
  /// The wait after the first try.
  package var backoff: Span
  /// What each further wait is multiplied by, at least 1.
  package var factor: Double
  /// No wait is longer.
  package var max: Span
  /// The share of a wait that is random, 0...1.
  package var jitter: Double

  package init(
    limit: UInt32 = 0, backoff: Span = .seconds(1), factor: Double = 2, max: Span = .seconds(300), jitter: Double = 0.5
  ) {
    self.limit = limit
    self.backoff = backoff
    self.factor = factor
    self.max = max
    self.jitter = jitter
  }

  package static let none = RetryPolicy()

  /// Whether a try follows, after so many that counted.
  package func allowsRetry(afterTries tries: UInt32) -> Bool { tries <= limit }

  /// The wait between a try that failed and the next: in `d·(1−jitter)...d`, where
  /// `d = min(max, backoff·factor^(n−1))`.
  ///
  /// Total: any number of tries and any values of the fields give a wait in `0...max`.
  ///
  /// - Parameter n: how many tries there were, the failed one included; 0 is taken for 1.
  package func delay(afterTry n: UInt32, random: inout SeededRandom) -> Span {
    let ceiling = Double(Swift.max(0, max.nanoseconds))
    let start = Double(Swift.max(0, backoff.nanoseconds))
    // Clamped while still a floating-point number, which overflows to infinity and not into a trap.
    let growth = power(factor >= 1 ? factor : 1, (n == 0 ? 1 : n) - 1)
    let full = start == 0 ? 0 : Swift.min(ceiling, start * growth)
    let share = jitter >= 0 ? Swift.min(1, jitter) : 0
    let nanoseconds = full * (1 - share * random.unit())
    return Swift.min(Span(nanoseconds: Int64(exactly: nanoseconds.rounded()) ?? .max), Swift.max(.zero, max))
  }
}

extension SeededRandom {
  /// A number in `0..<1` with 53 random bits.
  package mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}

/// By repeated squaring: at most 32 steps, whatever the exponent.
private func power(_ base: Double, _ exponent: UInt32) -> Double {
  var (result, base, exponent) = (1.0, base, exponent)
  while exponent > 0 {
    if exponent & 1 == 1 { result *= base }
    base *= base
    exponent >>= 1
  }
  return result
}
