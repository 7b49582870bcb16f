import HTTPTypes
import SwitchyardModel
import Synchronization
import Testing

@testable import SwitchyardServer

@Suite struct TokenBucketTests {
  private let rate = TokenBucket.Rate(perSecond: 10, burst: 5)
  private func time(_ milliseconds: Int64) -> BootTime { BootTime(nanoseconds: milliseconds * 1_000_000) }

  @Test func givesTheBurstThenTheRate() {
    var bucket = TokenBucket(full: rate, at: time(0))
    for _ in 0..<5 { #expect(bucket.take(1, rate, at: time(0)) == nil) }
    #expect(bucket.take(1, rate, at: time(0)) == .milliseconds(100))
    #expect(bucket.take(1, rate, at: time(40)) == .milliseconds(60))
    #expect(bucket.take(1, rate, at: time(100)) == nil)
    #expect(bucket.take(5, rate, at: time(100)) == .milliseconds(500))
  }

  @Test func moreThanItHoldsIsPaidForAfterwards() {
    var bucket = TokenBucket(full: rate, at: time(0))
    #expect(bucket.take(25, rate, at: time(0)) == nil)
    #expect(bucket.take(1, rate, at: time(0)) == .milliseconds(2_100))
    #expect(bucket.take(1, rate, at: time(2_100)) == nil)
  }

  @Test func isNeverFullerThanTheBurst() {
    var bucket = TokenBucket(full: rate, at: time(0))
    #expect(bucket.take(5, rate, at: time(100_000)) == nil)
    let (now, later) = (bucket.isFull(rate, at: time(100_000)), bucket.isFull(rate, at: time(100_500)))
    #expect(!now && later)
  }
}

@Suite struct RateLimiterTests {
  @Test func eachNameHasItsOwn() {
    let now = Mutex(BootTime(nanoseconds: 0))
    let limiter = RateLimiter(.init(perSecond: 1, burst: 2), "submissions to the app") { now.withLock { $0 } }
    #expect(limiter.wait(2, for: "a") == nil)
    #expect(limiter.wait(1, for: "a") == .seconds(1))
    #expect(limiter.wait(2, for: "b") == nil)
    #expect(limiter.refused == 1)
    now.withLock { $0 = BootTime(nanoseconds: 1_000_000_000) }
    #expect(limiter.wait(1, for: "a") == nil)
  }

  @Test func withoutARateEverythingPasses() {
    let limiter = RateLimiter(.init(perSecond: 0, burst: 1), "submissions to the app")
    for _ in 0..<100 { #expect(limiter.wait(1_000_000, for: "a") == nil) }
  }

  /// A flood of names must not take memory without end, nor refuse those that come new.
  @Test func namesAreBounded() {
    let limiter = RateLimiter(.init(perSecond: 1, burst: 1), "submissions to the app") { BootTime(nanoseconds: 0) }
    for number in 0..<25_000 { #expect(limiter.wait(1, for: "\(number)") == nil) }
  }

  @Test func refusalSaysWhatAndWhen() {
    let limiter = RateLimiter(.init(perSecond: 1, burst: 1), "submissions to the app") { BootTime(nanoseconds: 0) }
    #expect(throws: Never.self) { try limiter.take(1, for: "a") }
    let error = #expect(throws: APIError.self) { try limiter.take(1, for: "a") }
    #expect(error?.status == .tooManyRequests)
    #expect(error?.retryAfter == .seconds(1))
    #expect(error?.detail == "too many submissions to the app \"a\": 1 a second, and 1 at once")
  }
}

@Suite struct SeatsTests {
  @Test func whoComesWhenAllAreTakenIsRefused() throws {
    let seats = Seats(2, "things")
    var held = [try seats.take(), try seats.take()]
    let error = #expect(throws: APIError.self) { try seats.take() }
    #expect(error?.status == .serviceUnavailable)
    #expect((error?.retryAfter ?? .zero) > .zero)
    held.removeLast()
    held.append(try seats.take())
    #expect(seats.taken == 2 && seats.refused == 1)
    held = []
    #expect(seats.taken == 0)
  }

  /// A body that is larger than the whole bound would otherwise never be taken.
  @Test func whatIsLargerThanAllMayComeAlone() throws {
    let seats = Seats(10, "bytes")
    let large = try seats.take(100)
    #expect(throws: APIError.self) { try seats.take(1) }
    withExtendedLifetime(large) {}
  }
}
