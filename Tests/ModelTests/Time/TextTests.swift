import SwitchyardModel
import Testing

@Suite struct SpanTextTests {
  @Test(
    arguments: [
      ("500ms", 500_000_000), ("30s", 30_000_000_000), ("5m", 300_000_000_000), ("1h30m", 5_400_000_000_000),
      ("2d", 172_800_000_000_000), ("0s", 0), ("1d2h3m4s5ms6us7ns", 93_784_005_006_007), ("90s", 90_000_000_000),
      ("106751d", 9_223_286_400_000_000_000), ("0d0h1ns", 1),
    ] as [(String, Int64)])
  func `a length of time is read`(text: String, nanoseconds: Int64) throws {
    let span = try Span(parsing: text)
    #expect(span.nanoseconds == nanoseconds)
    #expect(try Span(parsing: span.description) == span)
  }

  @Test(arguments: [
    "", "s", "5", "-5s", "+5s", "1.5s", "1 s", " 1s", "1s ", "5min", "1M", "30m1h", "1s1s", "1h 30m", "٣s", "1s\0",
    "999999999999999999999s", "106752d", "9223372036s999ms", String(repeating: "0", count: 64) + "s",
  ])
  func `a length of time is refused`(text: String) {
    #expect(throws: FieldError.self) { try Span(parsing: text) }
  }

  @Test func `the text is the shortest that reads back`() {
    #expect(Span.seconds(5400).description == "1h30m")
    #expect(Span.zero.description == "0s")
    #expect(Span.milliseconds(-1500).description == "-1s500ms")
    #expect(Span(nanoseconds: .min).description.hasPrefix("-106751d"))
  }
}

@Suite struct TimestampTextTests {
  @Test(
    arguments: [
      ("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00.000Z"),
      ("2026-03-29T03:30:00.250+02:00", 1_774_747_800_250_000_000, "2026-03-29T01:30:00.250Z"),
      ("2026-03-29 01:30:00z", 1_774_747_800_000_000_000, "2026-03-29T01:30:00.000Z"),
      ("1969-12-31t23:59:59.999999999-00:00", -1, "1969-12-31T23:59:59.999999999Z"),
      ("2024-02-29T23:59:59.000001Z", 1_709_251_199_000_001_000, "2024-02-29T23:59:59.000001Z"),
      ("2000-01-01T00:00:00-23:59", 946_771_140_000_000_000, "2000-01-01T23:59:00.000Z"),
      ("2261-12-31T23:59:59Z", 9_214_646_399_000_000_000, "2261-12-31T23:59:59.000Z"),
      ("1678-01-01T00:00:00Z", -9_214_560_000_000_000_000, "1678-01-01T00:00:00.000Z"),
    ] as [(String, Int64, String)])
  func `a time is read and written`(text: String, nanoseconds: Int64, written: String) throws {
    let time = try Timestamp(parsing: text)
    #expect(time.nanoseconds == nanoseconds)
    #expect(time.description == written)
    #expect(try Timestamp(parsing: written) == time)
  }

  @Test(arguments: [
    "", "now", "2026-03-29", "2026-03-29T01:30Z", "2026-03-29T01:30:00", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z", "2026-01-01T24:00:00Z",
    "2026-01-01T00:60:00Z",
    "2016-12-31T23:59:60Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.0000000001Z", "2026-01-01T00:00:00+2:00",
    "2026-01-01T00:00:00+0200", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+02:00x", "2026-01-01T00:00:00ZZ",
    "1600-01-01T00:00:00Z", "2262-01-01T00:00:00Z", "-026-01-01T00:00:00Z", "2026-01-01T00:00:00.5",
    "2026-01-01T00:00:00.123456789", "2026-01-01T00:00:00+", "２026-01-01T00:00:00Z",
  ])
  func `a time is refused`(text: String) {
    #expect(throws: FieldError.self) { try Timestamp(parsing: text) }
  }

  @Test func `the ends of the clock are written`() {
    #expect(Timestamp.distantPast.description == "1677-09-21T00:12:43.145224192Z")
    #expect(Timestamp.distantFuture.description == "2262-04-11T23:47:16.854775807Z")
  }

  @Test func `days and dates agree over twelve centuries`() {
    var expected = (year: 1400, month: 1, day: 1)
    for day in days(ofYear: 1400, month: 1, day: 1)...days(ofYear: 2600, month: 1, day: 1) {
      let date = civil(ofDays: day)
      guard date == expected, days(ofYear: date.year, month: date.month, day: date.day) == day else {
        Issue.record("day \(day) is \(date), not \(expected)")
        return
      }
      expected.day += 1
      if expected.day > days(inMonth: expected.month, ofYear: expected.year) {
        expected = expected.month == 12 ? (expected.year + 1, 1, 1) : (expected.year, expected.month + 1, 1)
      }
    }
    #expect(weekday(ofDays: 0) == 4)
    #expect(weekday(ofDays: days(ofYear: 2026, month: 3, day: 29)) == 0)
    #expect(weekday(ofDays: -1) == 3)
  }
}
