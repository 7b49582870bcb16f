import Testing

@testable import SwitchyardModel

@Suite struct CronNextTests {
  /// Expression, instant, and the due times that follow.
  @Test(
    arguments: [
      ("* * * * *", "2026-01-31T23:59:00Z", ["2026-02-01T00:00:00", "2026-02-01T00:01:00"]),
      ("* * * * * *", "2026-01-31T23:59:58.5Z", ["2026-01-31T23:59:59", "2026-02-01T00:00:00"]),
      (
        "*/20 30 9 * * *", "2026-01-01T09:30:10Z",
        ["2026-01-01T09:30:20", "2026-01-01T09:30:40", "2026-01-02T09:30:00"]
      ),
      ("0 9 * * MON-FRI", "2026-01-02T09:00:00Z", ["2026-01-05T09:00:00", "2026-01-06T09:00:00"]),
      ("0 0 13 * FRI", "2026-02-01T00:00:00Z", ["2026-02-06T00:00:00", "2026-02-13T00:00:00", "2026-02-20T00:00:00"]),
      ("0 0 ? * FRI", "2026-02-12T00:00:00Z", ["2026-02-13T00:00:00", "2026-02-20T00:00:00"]),
      ("0 0 */2 * MON", "2026-02-01T00:00:00Z", ["2026-02-09T00:00:00", "2026-02-23T00:00:00", "2026-03-09T00:00:00"]),
      ("0 0 13 * */5", "2026-02-01T00:00:00Z", ["2026-02-13T00:00:00", "2026-03-13T00:00:00", "2026-09-13T00:00:00"]),
      ("0 0 29 2 *", "2026-01-01T00:00:00Z", ["2028-02-29T00:00:00", "2032-02-29T00:00:00"]),
      ("0 0 29 2 *", "2096-03-01T00:00:00Z", ["2104-02-29T00:00:00"]),
      ("0 0 ? 2 MON#5", "2024-03-01T00:00:00Z", ["2044-02-29T00:00:00", "2072-02-29T00:00:00", "2112-02-29T00:00:00"]),
      ("0 0 31 * *", "2026-01-31T00:00:00Z", ["2026-03-31T00:00:00", "2026-05-31T00:00:00"]),
      ("0 0 L * *", "2026-01-31T00:00:00Z", ["2026-02-28T00:00:00", "2026-03-31T00:00:00"]),
      ("0 0 L 2 *", "2027-03-01T00:00:00Z", ["2028-02-29T00:00:00"]),
      ("0 0 L-3 * *", "2026-02-01T00:00:00Z", ["2026-02-25T00:00:00", "2026-03-28T00:00:00"]),
      ("0 0 L-30 * *", "2026-02-01T00:00:00Z", ["2026-03-01T00:00:00", "2026-05-01T00:00:00"]),
      ("0 0 LW * *", "2026-01-01T00:00:00Z", ["2026-01-30T00:00:00", "2026-02-27T00:00:00", "2026-03-31T00:00:00"]),
      ("0 0 15W * *", "2026-02-01T00:00:00Z", ["2026-02-16T00:00:00", "2026-03-16T00:00:00", "2026-04-15T00:00:00"]),
      ("0 0 14W * *", "2026-02-01T00:00:00Z", ["2026-02-13T00:00:00", "2026-03-13T00:00:00"]),
      ("0 0 1W * *", "2026-01-02T00:00:00Z", ["2026-02-02T00:00:00", "2026-03-02T00:00:00", "2026-04-01T00:00:00"]),
      ("0 0 1W 8 *", "2026-01-02T00:00:00Z", ["2026-08-03T00:00:00"]),
      ("0 0 31W * *", "2026-01-01T00:00:00Z", ["2026-01-30T00:00:00", "2026-03-31T00:00:00", "2026-05-29T00:00:00"]),
      ("0 0 31W 5 *", "2027-01-01T00:00:00Z", ["2027-05-31T00:00:00"]),
      ("0 0 28W 2 *", "2027-01-01T00:00:00Z", ["2027-02-26T00:00:00"]),
      ("0 0 ? * 5L", "2026-01-01T00:00:00Z", ["2026-01-30T00:00:00", "2026-02-27T00:00:00", "2026-03-27T00:00:00"]),
      ("0 0 ? * FRI#3", "2026-01-01T00:00:00Z", ["2026-01-16T00:00:00", "2026-02-20T00:00:00"]),
      ("0 0 ? * FRI#5", "2026-01-01T00:00:00Z", ["2026-01-30T00:00:00", "2026-05-29T00:00:00"]),
      (
        "0 0 ? * MON#1,FRIL", "2026-01-01T00:00:00Z",
        ["2026-01-05T00:00:00", "2026-01-30T00:00:00", "2026-02-02T00:00:00"]
      ),
      (
        "0 0 1,15W,L * *", "2026-02-01T00:00:00Z",
        ["2026-02-16T00:00:00", "2026-02-28T00:00:00", "2026-03-01T00:00:00"]
      ),
      ("0 0 L * FRIL", "2026-01-01T00:00:00Z", ["2026-01-30T00:00:00", "2026-01-31T00:00:00", "2026-02-27T00:00:00"]),
      ("59 23 31 12 *", "2026-12-31T23:59:00Z", ["2027-12-31T23:59:00"]),
      ("0 0 1 1 *", "1969-06-01T00:00:00Z", ["1970-01-01T00:00:00"]),
    ] as [(String, String, [String])])
  func `due times follow`(text: String, after: String, expected: [String]) throws {
    let cron = try CronExpression(parsing: text)
    var time = try Timestamp(parsing: after)
    var found: [String] = []
    for _ in expected {
      time = try #require(cron.next(after: time, in: .utc))
      found.append(String("\(time)".prefix(19)))
    }
    #expect(found == expected)
  }

  @Test(arguments: ["0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "0 0 L-30 4 *", "0 0 31W 4 *"])
  func `a day that no month has is never due`(text: String) throws {
    #expect(try CronExpression(parsing: text).next(after: Timestamp(seconds: 0), in: .utc) == nil)
  }

  @Test func `the ends of the clock are no trap`() throws {
    let cron = try CronExpression(parsing: "* * * * *")
    #expect(cron.next(after: .distantFuture, in: .utc) == nil)
    #expect(cron.next(after: .distantPast, in: .utc)?.description == "1677-09-21T00:13:00.000Z")
  }

  /// The jumps against a walk over every minute of 40 days.
  @Test func `jumping finds what walking finds`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededRandom(seed: seed)
    for _ in 0..<25 {
      let text = RandomCron.expression(&random)
      let cron = try CronExpression(parsing: text)
      let start = Int64(random.below(3_000_000_000)) / 60 * 60
      var expected: [Int64] = []
      for minute in 1...Int64(40 * 1440) {
        let time = start + minute * 60
        if cron.fits(CivilTime(secondsSince1970: time)) { expected.append(time) }
      }
      var found: [Int64] = []
      var time = Timestamp(seconds: start)
      while let next = cron.next(after: time, in: .utc), next.seconds <= start + 40 * 86_400 {
        found.append(next.seconds)
        time = next
      }
      #expect(found == expected, "\(text) from \(Timestamp(seconds: start)), seed \(seed)")
    }
  }
}

extension CronExpression {
  /// Whether a clock that shows this time makes the expression due.
  func fits(_ time: CivilTime) -> Bool {
    hours >> UInt32(time.hour) & 1 == 1 && minutes >> UInt64(time.minute) & 1 == 1
      && seconds >> UInt64(time.second) & 1 == 1
      && dueDays(year: time.year, month: time.month) >> UInt32(time.day) & 1 == 1
  }
}

enum RandomCron {
  /// Five fields of all kinds.
  static func expression(_ random: inout SeededRandom) -> String {
    let minute = field(&random, 0...59, [])
    let hour = field(&random, 0...23, [])
    let day = field(&random, 1...31, ["L", "LW", "15W", "L-2", "1W"])
    let month = random.below(3) == 0 ? field(&random, 1...12, ["JAN-JUN"]) : "*"
    let weekday = random.below(2) == 0 ? field(&random, 0...7, ["5L", "MON#1", "FRI#3", "MON-FRI", "SAT-MON"]) : "*"
    return "\(minute) \(hour) \(day) \(month) \(weekday)"
  }

  private static func field(_ random: inout SeededRandom, _ range: ClosedRange<Int>, _ special: [String]) -> String {
    func value() -> Int { range.lowerBound + Int(random.below(UInt64(range.count))) }
    switch random.below(special.isEmpty ? 6 : 8) {
    case 0, 1: return "*"
    case 2: return "*/\(1 + random.below(UInt64(range.upperBound)))"
    case 3: return "\(value())"
    case 4: return "\(value())-\(value())"
    case 5: return "\(value()),\(value()),\(value())/\(1 + random.below(3))"
    default: return special[Int(random.below(UInt64(special.count)))]
    }
  }
}
