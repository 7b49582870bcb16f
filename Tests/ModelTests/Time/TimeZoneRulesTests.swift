import Foundation
import SwitchyardModel
import Testing

@Suite(.serialized) struct TimeZoneRulesTests {
  /// The C library reads the same files by code of its own.
  @Test func `offsets agree with the C library in every zone`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededRandom(seed: seed)
    let names = try ZoneFiles.allNames()
    #expect(names.count > 400)
    defer {
      unsetenv("TZ")
      tzset()
    }
    for name in names {
      let zone = try ZoneFiles.zone(name)
      setenv("TZ", ":\(ZoneFiles.directory)/\(name)", 1)
      tzset()
      var instants = (0..<100).map { _ in Int64(random.below(18_000_000_000)) - 9_000_000_000 }
      // Around every change of the years in which schedules are computed.
      var instant = Timestamp(seconds: 1_700_000_000)
      while instant.seconds < 2_300_000_000, let change = change(of: zone, after: instant) {
        instants += [change.seconds - 1, change.seconds]
        instant = change
      }
      for instant in instants {
        var time = time_t(instant)
        var parts = tm()
        localtime_r(&time, &parts)
        let offset = zone.offset(at: Timestamp(seconds: instant))
        guard Int(offset) == parts.tm_gmtoff else {
          Issue.record(
            "\(name) at \(Timestamp(seconds: instant)): \(offset), C library \(parts.tm_gmtoff), seed \(seed)")
          break
        }
      }
    }
  }

  /// The next change of the offset within ten years, by halving.
  private func change(of zone: TimeZoneRules, after: Timestamp) -> Timestamp? {
    var low = after.seconds
    let offset = zone.offset(at: after)
    var high = low
    repeat {
      high += 20 * 86_400
      if high > after.seconds + 3650 * 86_400 { return nil }
    } while zone.offset(at: Timestamp(seconds: high)) == offset
    while high - low > 1 {
      let middle = (low + high) / 2
      if zone.offset(at: Timestamp(seconds: middle)) == offset { low = middle } else { high = middle }
    }
    return Timestamp(seconds: high)
  }

  @Test(arguments: [
    ("Europe/Paris", CivilTime(year: 2026, month: 7, day: 1, hour: 12), "once 2026-07-01T10:00:00.000Z"),
    ("Europe/Paris", CivilTime(year: 2026, month: 3, day: 29, hour: 2, minute: 30), "skipped 2026-03-29T01:00:00.000Z"),
    ("Europe/Paris", CivilTime(year: 2026, month: 3, day: 29, hour: 2), "skipped 2026-03-29T01:00:00.000Z"),
    ("Europe/Paris", CivilTime(year: 2026, month: 3, day: 29, hour: 3), "once 2026-03-29T01:00:00.000Z"),
    (
      "Europe/Paris", CivilTime(year: 2026, month: 10, day: 25, hour: 2),
      "twice 2026-10-25T00:00:00.000Z 2026-10-25T01:00:00.000Z"
    ),
    ("Europe/Paris", CivilTime(year: 2026, month: 10, day: 25, hour: 3), "once 2026-10-25T02:00:00.000Z"),
    ("Europe/Paris", CivilTime(year: 2100, month: 3, day: 28, hour: 2, minute: 30), "skipped 2100-03-28T01:00:00.000Z"),
    (
      "America/New_York", CivilTime(year: 2026, month: 11, day: 1, hour: 1, minute: 59, second: 59),
      "twice 2026-11-01T05:59:59.000Z 2026-11-01T06:59:59.000Z"
    ),
    (
      "Australia/Lord_Howe", CivilTime(year: 2026, month: 4, day: 5, hour: 1, minute: 45),
      "twice 2026-04-04T14:45:00.000Z 2026-04-04T15:15:00.000Z"
    ),
    ("Pacific/Apia", CivilTime(year: 2011, month: 12, day: 30, hour: 9), "skipped 2011-12-30T10:00:00.000Z"),
    ("Asia/Kathmandu", CivilTime(year: 2026, month: 1, day: 1), "once 2025-12-31T18:15:00.000Z"),
    ("UTC", CivilTime(year: 2026, month: 1, day: 1), "once 2026-01-01T00:00:00.000Z"),
  ])
  func `a time on the wall is found`(zone: String, civil: CivilTime, expected: String) throws {
    let found =
      switch try ZoneFiles.zone(zone).instants(of: civil) {
      case .once(let time): "once \(time)"
      case .twice(let first, let second): "twice \(first) \(second)"
      case .skipped(let time): "skipped \(time)"
      }
    #expect(found == expected)
  }

  @Test(arguments: [
    "", "../etc/passwd", "/etc/localtime", "Europe//Paris", "Europe/", "Europe/..", "a b", "Europe/Paris\0", "é",
    "tzdata.zi", String(repeating: "a", count: 65), "Europe/Pariss", "Europe",
  ])
  func `names that are none are refused`(name: String) {
    #expect(throws: FieldError.self) { try ZoneFiles.zone(name) }
  }

  @Test func `the database is never asked for a name that could leave it`() {
    let database = TimeZoneDatabase { name in
      Issue.record("asked for \(name)")
      return nil
    }
    for name in ["..", "a/../b", "/a", "a\\b", "~", ".", "a/./b"] {
      #expect(throws: FieldError.self) { try database.zone(named: name) }
    }
  }

  @Test func `a garbled file is refused or read, and never traps`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededRandom(seed: seed)
    let file = try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(ZoneFiles.directory)/America/New_York")))
    for length in 0..<file.count {
      #expect(throws: FieldError.self) { try TimeZoneRules(identifier: "x", tzif: Array(file[..<length])) }
    }
    let cron = try ["30 2 * * *", "*/5 * * * *"].map { try CronExpression(parsing: $0) }
    for _ in 0..<4_000 {
      var bytes = file
      for _ in 0...random.below(6) {
        // Headers and footer are hit more often than their share.
        let place = [UInt64(60), UInt64(file.count), 20].map { random.below($0) }[Int(random.below(3))]
        let index = random.below(2) == 0 ? Int(place) : file.count - 1 - Int(place)
        bytes[index] = random.below(2) == 0 ? UInt8(random.below(256)) : bytes[index] ^ UInt8(1 << random.below(8))
      }
      guard let zone = try? TimeZoneRules(identifier: "x", tzif: bytes) else { continue }
      for _ in 0..<4 {
        let instant = Timestamp(nanoseconds: Int64(bitPattern: random.next()))
        _ = zone.instants(of: zone.civil(at: instant))
        for cron in cron {
          if let next = cron.next(after: instant, in: zone) { #expect(next > instant, "seed \(seed)") }
        }
      }
    }
  }

  @Test(
    arguments: [
      ("EST5EDT,0/0,J365/25", -4 * 3600, -4 * 3600), ("<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", -3 * 3600, -2 * 3600),
      ("IST-2IDT,M3.4.4/26,M10.5.0", 7200, 10_800), ("<+0545>-5:45", 20_700, 20_700),
      ("AAA3BBB,J60,300", -10_800, -7200),
      ("AEST-10AEDT,M10.1.0,M4.1.0/3", 39_600, 36_000),
    ] as [(String, Int32, Int32)])
  func `a POSIX rule gives the offsets of January and July`(rule: String, january: Int32, july: Int32) throws {
    let zone = try TimeZoneRules(identifier: "x", tzif: Self.file(footer: rule))
    #expect(zone.offset(at: try Timestamp(parsing: "2030-01-15T00:00:00Z")) == january)
    #expect(zone.offset(at: try Timestamp(parsing: "2030-07-15T00:00:00Z")) == july)
  }

  @Test(arguments: [
    "E5", "EST", "EST25", "EST5EDT", "EST5EDT,M3.2.0", "EST5EDT,M13.1.0,M11.1.0", "EST5EDT,M3.0.0,M11.1.0",
    "EST5EDT,M3.2.7,M11.1.0", "EST5EDT,J0,J365", "EST5EDT,J1,366", "EST5EDT,M3.2.0/168,M11.1.0", "<>5", "EST5x",
    "EST5:60",
    "EST5EDT,M3.2.0,M11.1.0,", "é5",
  ])
  func `a malformed POSIX rule is refused`(rule: String) {
    #expect(throws: FieldError.self) { try TimeZoneRules(identifier: "x", tzif: Self.file(footer: rule)) }
  }

  /// A file of version 3 that holds a footer and nothing else but one type.
  private static func file(footer: String) -> [UInt8] {
    let header = Array("TZif3".utf8) + [UInt8](repeating: 0, count: 15 + 16) + [0, 0, 0, 1, 0, 0, 0, 4]
    let block: [UInt8] = [0, 0, 0, 0, 0, 0] + Array("UTC\0".utf8)
    return header + block + header + block + Array("\n\(footer)\n".utf8)
  }
}
