import Testing

@testable import SwitchyardModel

/// Changes of clocks: the rule of Debian's cron.
@Suite struct CronZoneTests {
  @Test(
    arguments: [
      // Paris, 2026-03-29: 02:00 CET becomes 03:00 CEST at 01:00Z.
      ("30 2 * * *", "Europe/Paris", "2026-03-28T12:00:00Z", ["2026-03-29T01:00:00", "2026-03-30T00:30:00"]),
      ("0,30 2 * * *", "Europe/Paris", "2026-03-28T12:00:00Z", ["2026-03-29T01:00:00", "2026-03-30T00:00:00"]),
      ("0 2,3 * * *", "Europe/Paris", "2026-03-28T12:00:00Z", ["2026-03-29T01:00:00", "2026-03-30T00:00:00"]),
      ("30 2 * * *", "Europe/Paris", "2026-03-29T00:59:59.9Z", ["2026-03-29T01:00:00", "2026-03-30T00:30:00"]),
      ("30 2 * * *", "Europe/Paris", "2026-03-29T01:00:00Z", ["2026-03-30T00:30:00"]),
      ("*/15 * 2 29 3 *", "Europe/Paris", "2026-03-28T12:00:00Z", ["2027-03-29T00:00:00"]),
      (
        "*/30 * * * *", "Europe/Paris", "2026-03-29T00:15:00Z",
        ["2026-03-29T00:30:00", "2026-03-29T01:00:00", "2026-03-29T01:30:00"]
      ),
      ("* 2 * * *", "Europe/Paris", "2026-03-28T12:00:00Z", ["2026-03-30T00:00:00"]),
      ("30 */2 * * *", "Europe/Paris", "2026-03-28T23:00:00Z", ["2026-03-28T23:30:00", "2026-03-29T02:30:00"]),
      // Paris, 2026-10-25: 03:00 CEST becomes 02:00 CET at 01:00Z.
      ("30 2 * * *", "Europe/Paris", "2026-10-24T12:00:00Z", ["2026-10-25T00:30:00", "2026-10-26T01:30:00"]),
      ("30 2 * * *", "Europe/Paris", "2026-10-25T01:10:00Z", ["2026-10-26T01:30:00"]),
      ("0 3 * * *", "Europe/Paris", "2026-10-24T12:00:00Z", ["2026-10-25T02:00:00"]),
      (
        "30 * * * *", "Europe/Paris", "2026-10-24T23:45:00Z",
        ["2026-10-25T00:30:00", "2026-10-25T01:30:00", "2026-10-25T02:30:00"]
      ),
      (
        "*/30 2 * * *", "Europe/Paris", "2026-10-24T12:00:00Z",
        [
          "2026-10-25T00:00:00", "2026-10-25T00:30:00", "2026-10-25T01:00:00", "2026-10-25T01:30:00",
          "2026-10-26T01:00:00",
        ]
      ),
      // New York past the table of any file: 2060-03-14 and 2060-11-07.
      ("30 2 * * *", "America/New_York", "2060-03-13T12:00:00Z", ["2060-03-14T07:00:00", "2060-03-15T06:30:00"]),
      ("30 1 * * *", "America/New_York", "2060-11-06T12:00:00Z", ["2060-11-07T05:30:00", "2060-11-08T06:30:00"]),
      // Lord Howe: half an hour only.
      ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00Z", ["2026-10-03T15:30:00", "2026-10-04T15:15:00"]),
      ("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00:00Z", ["2026-04-04T14:45:00", "2026-04-05T15:15:00"]),
      // Midnight does not exist in Santiago on 2026-09-06.
      ("@daily", "America/Santiago", "2026-09-05T12:00:00Z", ["2026-09-06T04:00:00", "2026-09-07T03:00:00"]),
      // Samoa had no 2011-12-30.
      ("0 9 * * *", "Pacific/Apia", "2011-12-29T20:00:00Z", ["2011-12-30T10:00:00", "2011-12-30T19:00:00"]),
      ("0 9 30 * *", "Pacific/Apia", "2011-12-29T20:00:00Z", ["2011-12-30T10:00:00", "2012-01-29T19:00:00"]),
      ("0 12 * * *", "Asia/Kathmandu", "2026-01-01T00:00:00Z", ["2026-01-01T06:15:00"]),
    ] as [(String, String, String, [String])])
  func `due times over changes of the clock`(text: String, zone: String, after: String, expected: [String]) throws {
    let cron = try CronExpression(parsing: text)
    let zone = try ZoneFiles.zone(zone)
    var time = try Timestamp(parsing: after)
    var found: [String] = []
    for _ in expected {
      time = try #require(cron.next(after: time, in: zone))
      found.append(String("\(time)".prefix(19)))
    }
    #expect(found == expected)
  }

  /// The rule, said once more in the plainest way: minute by minute, three days before and after a change.
  @Test(arguments: [
    "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Africa/Casablanca", "Asia/Tehran",
    "Europe/Dublin", "Antarctica/Troll", "America/Scoresbysund", "Asia/Kathmandu",
  ])
  func `jumping finds what walking finds`(name: String) throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededRandom(seed: seed)
    let zone = try ZoneFiles.zone(name)
    for _ in 0..<12 {
      let change = zone.period(at: 1_600_000_000 + Int64(random.below(2_000_000_000))).start
      let start = max(change, 1_600_000_000) / 60 * 60 - 3 * 86_400
      let end = start + 6 * 86_400
      let text = RandomCron.expression(&random)
      let cron = try CronExpression(parsing: text)
      var expected: Set<Int64> = []
      if cron.isWildcard {
        for time in stride(from: start + 60, through: end, by: 60)
        where cron.fits(zone.civil(at: Timestamp(seconds: time))) { expected.insert(time) }
      } else {
        for local in stride(from: start - 86_400, through: end + 86_400, by: 60) {
          let civil = CivilTime(secondsSince1970: local)
          guard cron.fits(civil) else { continue }
          switch zone.instants(of: civil) {
          case .once(let time), .twice(let time, _), .skipped(let time): expected.insert(time.seconds)
          }
        }
      }
      var found: [Int64] = []
      var time = Timestamp(seconds: start)
      while let next = cron.next(after: time, in: zone), next.seconds <= end {
        found.append(next.seconds)
        time = next
      }
      #expect(found == expected.filter { $0 > start && $0 <= end }.sorted(), "\(text) from \(start), seed \(seed)")
    }
  }

  /// `next` depends on the instant alone: asked from anywhere in between, it gives the same due time.
  @Test func `every instant before a due time leads to it`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededRandom(seed: seed)
    let zone = try ZoneFiles.zone("Europe/Paris")
    for text in ["30 2 * * *", "0,15 1-3 * * *", "*/10 2 * * *", "15 2,3 * * *"] {
      let cron = try CronExpression(parsing: text)
      for around in ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"] {
        let centre = try Timestamp(parsing: around)
        for _ in 0..<500 {
          let after = centre + .seconds(Int64(random.below(20_000)) - 10_000)
          let due = try #require(cron.next(after: after, in: zone))
          let between = after + .seconds(Int64(random.below(UInt64((due - after).milliseconds / 1000))))
          #expect(cron.next(after: between, in: zone) == due, "\(text), seed \(seed)")
        }
      }
    }
  }
}
