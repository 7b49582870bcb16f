import SwitchyardModel
import Testing

@Suite struct ScheduleTests {
  private let anchor = Timestamp(seconds: 1_000)

  private func next(_ schedule: Schedule, after: Timestamp) -> Timestamp? {
    schedule.next(after: after, anchor: anchor, zone: .utc)
  }

  @Test func `a fixed rate keeps to its grid`() {
    let rate = Schedule.fixedRate(.milliseconds(10))
    #expect(next(rate, after: .distantPast) == anchor)
    #expect(next(rate, after: anchor - .nanoseconds(1)) == anchor)
    #expect(next(rate, after: anchor) == anchor + .milliseconds(10))
    #expect(next(rate, after: anchor + .nanoseconds(10_000_001)) == anchor + .milliseconds(20))
    #expect(
      next(rate, after: anchor + .seconds(86_400 * 365 * 100)) == anchor + .seconds(86_400 * 365 * 100)
        + .milliseconds(10))
    #expect(next(rate, after: .distantFuture) == nil)
    #expect(next(.fixedRate(.zero), after: anchor) == nil)
    let wide = Schedule.fixedRate(.seconds(7)).next(
      after: .distantFuture - .seconds(9), anchor: .distantPast, zone: .utc)
    #expect(wide.map { $0 > .distantFuture - .seconds(9) && $0 <= .distantFuture - .seconds(2) } == true)
  }

  @Test func `a fixed delay counts from the end of the run before, and is owed when it has passed`() {
    let delay = Schedule.fixedDelay(.seconds(5))
    #expect(next(delay, after: anchor) == anchor + .seconds(5))
    #expect(next(delay, after: anchor + .seconds(60)) == anchor + .seconds(60) + .nanoseconds(1))
  }

  @Test func `once is once, and the API is never`() {
    let once = Schedule.once(Timestamp(seconds: 5))
    #expect(next(once, after: Timestamp(seconds: 4)) == Timestamp(seconds: 5))
    #expect(next(once, after: Timestamp(seconds: 5)) == nil)
    #expect(next(.api, after: .distantPast) == nil)
  }

  @Test func `cron is read in the zone`() throws {
    let cron = Schedule.cron(try CronExpression(parsing: "0 9 * * *"))
    let due = cron.next(
      after: Timestamp(seconds: 1_767_225_600), anchor: anchor, zone: try ZoneFiles.zone("Asia/Tokyo"))
    #expect(due?.description == "2026-01-02T00:00:00.000Z")
  }
}
