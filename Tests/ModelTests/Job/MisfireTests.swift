import SwitchyardModel
import Testing

/// Which due times are skipped when nobody fired for a while, against a walk over all of them.
@Suite struct MisfireTests {
  static let first = Timestamp(seconds: 1_800_000_000)

  static let schedules: [Schedule] = [
    .fixedRate(.milliseconds(700)), .fixedRate(.seconds(7)), .cron(try! CronExpression(parsing: "* * * * * *")),
    .cron(try! CronExpression(parsing: "0,1,30 * * * * *")), .cron(try! CronExpression(parsing: "*/5 * * * *")),
    .cron(try! CronExpression(parsing: "* * * 1,15 * *")), .once(first),
  ]

  func spec(_ schedule: Schedule, _ misfire: Misfire) -> JobSpec {
    JobSpec(name: "a", schedule: schedule, misfire: misfire, processor: .noop(duration: .zero))
  }

  @Test(arguments: schedules, Misfire.Policy.allCases)
  func `the rule is that of its table`(_ schedule: Schedule, _ policy: Misfire.Policy) throws {
    for (threshold, limit) in [(Span.zero, Int64(1)), (.seconds(10), 3), (.seconds(60), 100), (.seconds(4000), 5)] {
      for late in [Span.zero, .seconds(1), .seconds(10), .seconds(61), .seconds(999), .seconds(3600)] {
        var spec = spec(schedule, Misfire(policy: policy, threshold: threshold, limit: limit))
        if late == .seconds(999) { spec.endsAt = Self.first + .seconds(500) }
        let anchor = Self.first
        let now = anchor + late
        let first = try #require(spec.nextDue(after: anchor - .nanoseconds(1), anchor: anchor, zone: .utc))
        guard first <= now else { continue }
        var due = [first]
        while let next = spec.nextDue(after: due[due.count - 1], anchor: anchor, zone: .utc), next <= now {
          due.append(next)
        }
        let missed = due.prefix { now - $0 > threshold }
        let skipped: Int =
          switch policy {
          case .fireOnce: missed.isEmpty ? 0 : due.count - 1
          case .skip: missed.count
          case .fireAll: max(0, missed.count - Int(limit))
          }
        let skip = spec.missed(from: first, at: now, anchor: anchor, zone: .utc)
        let isCounted = skipped <= Skip.countLimit || schedule == .fixedRate(.milliseconds(700))
        let expected =
          skipped == 0
          ? nil
          : Skip(
            reason: .misfire, first: first, last: due[skipped - 1], count: isCounted ? Int64(skipped) : nil)
        #expect(skip == expected, "\(threshold), \(late)")
      }
    }
  }

  @Test func `a fixed delay is late but never missed`() {
    for policy in Misfire.Policy.allCases {
      let spec = spec(.fixedDelay(.seconds(1)), Misfire(policy: policy))
      #expect(
        spec.missed(from: Self.first, at: Self.first + .seconds(99_999), anchor: Self.first, zone: .utc) == nil)
    }
  }

  @Test(arguments: [
    Skip(reason: .misfire, first: first, last: first + .nanoseconds(1), count: 2),
    Skip(reason: .misfire, first: first, last: first + .seconds(86_400), count: nil),
    Skip(reason: .overlap, at: first), Skip(reason: .queueFull, at: first),
  ])
  func `a record reads back the same`(_ skip: Skip) {
    #expect(Skip(result: skip.result) == skip)
  }

  @Test(arguments: [nil, "", "7", "{}", #"{"skipped":7}"#, #"{"skipped":{"reason":"misfire","first":"x","last":"y"}}"#])
  func `what is no record is none`(_ result: String?) {
    #expect(Skip(result: result) == nil)
  }

  @Test func `a record says what happened`() {
    func detail(_ reason: Skip.Reason, _ count: Int64?) -> String {
      Skip(reason: reason, first: Self.first, last: Self.first + .seconds(count == 1 ? 0 : 9), count: count)
        .detail(Overlap(limit: 2, queue: 7))
    }
    #expect(
      detail(.misfire, 3)
        == "misfire: 3 due times from 2027-01-15T08:00:00.000Z to 2027-01-15T08:00:09.000Z passed while nobody fired")
    #expect(detail(.misfire, 1) == "misfire: the due time 2027-01-15T08:00:00.000Z passed while nobody fired")
    #expect(detail(.misfire, nil).hasPrefix("misfire: more than 1000 due times from "))
    #expect(detail(.overlap, 1).hasPrefix("overlap: the job had as many instances as may run at a time, 2, and"))
    #expect(detail(.queueFull, 1) == "queue full: 7 instances waited for their turn already")
  }
}
