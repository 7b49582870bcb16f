import SwitchyardModel
import Testing

@Suite struct RetryPolicyTests {
  @Test func `without jitter the wait doubles until its ceiling`() {
    let policy = RetryPolicy(limit: 9, backoff: .seconds(1), factor: 2, max: .seconds(60), jitter: 0)
    var random = SeededRandom(seed: 1)
    let waits = (1...9).map { policy.delay(afterTry: $0, random: &random).seconds }
    #expect(waits == [1, 2, 4, 8, 16, 32, 60, 60, 60])
    #expect(policy.delay(afterTry: 0, random: &random) == .seconds(1))
  }

  @Test(arguments: [0.0, 0.25, 0.5, 1.0])
  func `jitter takes its share, and fills it evenly`(jitter: Double) {
    let policy = RetryPolicy(backoff: .seconds(8), factor: 2, max: .seconds(3600), jitter: jitter)
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededRandom(seed: seed)
    let waits = (0..<10_000).map { _ in policy.delay(afterTry: 2, random: &random).seconds }
    #expect(waits.allSatisfy { $0 >= 16 * (1 - jitter) && $0 <= 16 }, "seed \(seed)")
    let mean = waits.reduce(0, +) / 10_000
    #expect(abs(mean - 16 * (1 - jitter / 2)) < 0.3, "seed \(seed)")
  }

  @Test func `no values trap`() {
    var random = SeededRandom(seed: 7)
    for backoff in [Span.zero, .max, .nanoseconds(-1), .nanoseconds(1)] {
      for factor in [0, 1, 1.0000001, 100, .infinity, .nan, -3] {
        for max in [Span.zero, .max, .seconds(1), .nanoseconds(.min)] {
          for jitter in [0, 1, -1, 7, Double.nan] {
            let policy = RetryPolicy(backoff: backoff, factor: factor, max: max, jitter: jitter)
            for n: UInt32 in [0, 1, 2, 1000, .max] {
              let delay = policy.delay(afterTry: n, random: &random)
              #expect(delay >= .zero && delay <= Swift.max(.zero, max))
            }
          }
        }
      }
    }
  }

  @Test func `a limit counts retries, not tries`() {
    #expect(!RetryPolicy.none.allowsRetry(afterTries: 1))
    let policy = RetryPolicy(limit: 2)
    #expect([1, 2, 3].map { policy.allowsRetry(afterTries: $0) } == [true, true, false])
  }
}
