import SwitchyardModel

/// A schedule together with what the checker needs to work out its due times without the model's code.
enum SchedulePlan {
  case api
  /// Cron: these seconds of every so many minutes, in UTC.
  case cron(seconds: [Int], everyMinutes: Int)
  case rate(Int64)
  case delay(Int64)
  case once(Int64)

  var schedule: Schedule? {
    switch self {
    case .api: return .api
    case .cron(let seconds, let every):
      let list = seconds.map(String.init).joined(separator: ",")
      return (try? CronExpression(parsing: "\(list) \(every == 1 ? "*" : "*/\(every)") * * * *")).map { .cron($0) }
    case .rate(let period): return .fixedRate(Span(nanoseconds: period))
    case .delay(let delay): return .fixedDelay(Span(nanoseconds: delay))
    case .once(let time): return .once(Timestamp(nanoseconds: time))
    }
  }

  /// The first due time later than `time`, counted from `anchor` where that matters: plain arithmetic and
  /// a search second by second. For a fixed delay nothing can be said from the clock.
  func dueTime(after time: Int64, anchor: Int64) -> Int64? {
    switch self {
    case .api, .delay: return nil
    case .once(let due): return due > time ? due : nil
    case .rate(let period):
      if time < anchor { return anchor }
      return anchor + ((time - anchor) / period + 1) * period
    case .cron(let seconds, let every):
      var candidate = time / second + 1
      while true {
        // Wall clocks here are after 1970 and without leap seconds, so that minutes of the hour are plain.
        if seconds.contains(Int(candidate % 60)), Int(candidate / 60 % 60) % every == 0 { return candidate * second }
        candidate += 1
      }
    }
  }

  var isDelay: Bool { if case .delay = self { true } else { false } }
  var isAPI: Bool { if case .api = self { true } else { false } }

  static func random(_ random: inout SeededRandom, wall: Int64) -> SchedulePlan {
    switch random.below(10) {
    case 0, 1, 2:
      let every = random.pick([1, 1, 1, 2, 3, 5]) ?? 1
      let seconds = random.pick([[0], [15, 45], [0, 10, 20, 30, 40, 50], [7], [0, 5, 59], [1, 2, 3]]) ?? [0]
      return .cron(seconds: seconds, everyMinutes: every)
    case 3, 4, 5: return .rate(random.skewed(700 * millisecond, 40 * second))
    case 6, 7: return .delay(random.skewed(10 * millisecond, 20 * second))
    case 8: return .once(wall + random.between(2 * second, 300 * second))
    default: return .api
    }
  }
}

enum JobPlan {
  private static func overlap(_ random: inout SeededRandom) -> Overlap {
    Overlap(
      limit: Int64(random.between(1...3)), policy: random.pick(Overlap.Policy.allCases) ?? .queue,
      queue: Int64(random.between(1...12)))
  }

  /// - Parameter wall: what the wall clock shows, without error.
  static func spec(named name: String, _ plan: SchedulePlan, wall: Int64, _ random: inout SeededRandom) -> JobSpec? {
    guard let schedule = plan.schedule else { return nil }
    let retries = UInt32(random.pick([0, 0, 1, 3]) ?? 0)
    let onLost = random.pick([OnLost.retry, .retry, .retry, .fail, .fail, .hold]) ?? .retry
    return JobSpec(
      name: name, schedule: schedule,
      startsAt: random.chance(100) ? Timestamp(nanoseconds: wall + random.between(-60 * second, 60 * second)) : nil,
      endsAt: random.chance(100) ? Timestamp(nanoseconds: wall + random.between(60 * second, 300 * second)) : nil,
      jitter: random.chance(200) ? Span(nanoseconds: random.skewed(millisecond, 20 * second)) : .zero,
      misfire: Misfire(
        policy: random.pick(Misfire.Policy.allCases) ?? .skip,
        threshold: Span(nanoseconds: random.pick([0, second, 5 * second, 60 * second]) ?? 0),
        limit: random.pick([1, 2, 5, 100]) ?? 1),
      overlap: random.chance(350) ? overlap(&random) : nil, processor: .noop(duration: .zero),
      retry: RetryPolicy(
        limit: retries, backoff: .milliseconds(random.between(10 * millisecond, second) / millisecond), factor: 2,
        max: .seconds(5)),
      timeout: random.chance(400) ? .milliseconds(random.between(200...4000).asInt64) : nil,
      grace: .milliseconds(random.between(10...2000).asInt64), slots: UInt32(random.pick([1, 1, 1, 2]) ?? 1),
      priority: Int32(random.pick([0, 0, 5, -5]) ?? 0), tags: random.chance(200) ? ["gpu"] : [], onLost: onLost,
      whenIsolated: random.chance(100) ? .continue : .kill)
  }
}
