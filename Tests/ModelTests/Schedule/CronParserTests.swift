import SwitchyardModel
import Testing

@Suite struct CronParserTests {
  @Test(arguments: [
    ("61 * * * *", "minute: \"61\" is not in 0-59"), ("* 24 * * *", "hour: \"24\" is not in 0-23"),
    ("* * 0 * *", "day-of-month: \"0\" is not in 1-31"), ("* * 32 * *", "day-of-month: \"32\" is not in 1-31"),
    ("* * * 13 *", "month: \"13\" is not in 1-12"), ("* * * * 8", "day-of-week: \"8\" is not in 0-7"),
    ("60 * * * * *", "second: \"60\" is not in 0-59"),
    ("5-61 * * * *", "minute: \"5-61\" has \"61\", which is not in 0-59"),
    ("*/0 * * * *", "minute: \"*/0\" has \"0\", which is not in 1-60"),
    ("*/61 * * * *", "minute: \"*/61\" has \"61\", which is not in 1-60"),
    ("* * * * 5#6", "day-of-week: \"5#6\" has \"6\", which is not in 1-5"),
    ("* * L-31 * *", "day-of-month: \"L-31\" has \"31\", which is not in 1-30"),
    ("* * 32W * *", "day-of-month: \"32W\" has \"32\", which is not in 1-31"),
    ("* * ? * ?", "day-of-week: only one of the two day fields can be \"?\""),
    ("x * * * *", "minute: \"x\" is not understood (accepted: 0-59, ranges, steps, lists, *)"),
    ("1,,2 * * * *", "minute: \"1,,2\" has an empty element (accepted: 0-59, ranges, steps, lists, *)"),
    ("1/2/3 * * * *", "minute: \"1/2/3\" has more than one step (accepted: 0-59, ranges, steps, lists, *)"),
    ("1-2-3 * * * *", "minute: \"1-2-3\" is not a range of two values (accepted: 0-59, ranges, steps, lists, *)"),
    ("5- * * * *", "minute: \"5-\" lacks a value (accepted: 0-59, ranges, steps, lists, *)"),
    (
      "* * * JANUARY *",
      "month: \"JANUARY\" is not understood (accepted: 1-12, JAN-DEC, ranges, steps, lists, *)"
    ),
    (
      "* * * * L",
      "day-of-week: \"L\" needs a day in front, as 5L for the last Friday of the month "
        + "(accepted: 0-7, SUN-SAT, ranges, steps, lists, *, ?, 5L (the last Friday), 5#3 (the third Friday))"
    ),
    (
      "* * * *",
      "must be 5 fields (minute hour day-of-month month day-of-week), 6 with the second first, or @daily and the like, "
        + "found 4 in \"* * * *\""
    ),
    (
      "@reboot",
      "must be one of @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly, found \"@reboot\""
    ),
  ])
  func `an expression is refused, and the field is named`(text: String, expected: String) {
    do {
      _ = try CronExpression(parsing: text)
      Issue.record("was taken")
    } catch {
      #expect(error.description == expected)
    }
  }

  @Test(arguments: [
    "", " ", "* * * * * * *", "? * * * *", "L * * * *", "* W * * *", "* * W * *", "* * L-0 * *", "* * L-L * *",
    "* * LW-3 * *",
    "* * * L *", "* * * * 1#", "* * * * #1", "* * * * 1#2#3", "* * * * MONDAY", "-1 * * * *", "+1 * * * *",
    "*5 * * * *",
    "** * * * *", "*-5 * * * *", "1.5 * * * *", "٣ * * * *", "@daily 5", "@", "@every 5m", "* * 1-2W * *",
    "* * * * 1-5L",
    "99999999999999999999 * * * *", "0\0 * * * *", "/5 * * * *", "*/ * * * *", "* * * * *\n*",
    String(repeating: "1,", count: 130) + "1 * * * *",
  ])
  func `an expression is refused`(text: String) {
    #expect(throws: FieldError.self) { try CronExpression(parsing: text) }
  }

  /// Pairs that must mean the same.
  @Test(arguments: [
    ("@yearly", "0 0 1 1 *"), ("@Annually", "0 0 1 JAN *"), ("@monthly", "0 0 1 * *"), ("@weekly", "0 0 * * SUN"),
    ("@daily", "0 0 * * *"), ("@midnight", "0 0 0 * * ?"), ("@hourly", "0 * * * *"), ("  5\t4  * * *", "0 5 4 * * *"),
    ("0 0 * * 7", "0 0 * * 0"), ("0 0 * * 5-7", "0 0 * * FRI,SAT,SUN"), ("0 0 * * fri-mon", "0 0 * * 0,1,5,6"),
    ("0 22-2 * * *", "0 22,23,0,1,2 * * *"), ("0 22-2/2 * * *", "0 22,0,2 * * *"),
    ("50-10/10 0 * * *", "50,0,10 0 * * *"),
    ("0 0 28-3 * *", "0 0 28,29,30,31,1,2,3 * *"), ("0 0 1 NOV-FEB *", "0 0 1 11,12,1,2 *"),
    ("5/20 0 * * *", "5,25,45 0 * * *"),
    ("0 0 * * 0-7", "0 0 * * 0-6"), ("0 0 * * 7-2", "0 0 * * 0-2"), ("0 0 * * 6-1", "0 0 * * 6,0,1"),
    ("0 0 * * 7/3", "0 0 * * 0,3,6"), ("0 0 * * MON/2", "0 0 * * 1,3,5"), ("0 0 * * 1-7/2", "0 0 * * 1,3,5,0"),
    ("0 0 ? * 5l", "0 0 ? * FRIL"), ("0 0 ? * 7#1", "0 0 ? * Sun#1"), ("0 0 lw * *", "0 0 LW * *"),
    ("*/60 0 * * *", "0 0 * * *"),
    ("0 0 5-5 * *", "0 0 5 * *"),
  ])
  func `two ways of writing mean the same`(a: String, b: String) throws {
    let (a, b) = (try CronExpression(parsing: a), try CronExpression(parsing: b))
    var time = try Timestamp(parsing: "2026-01-01T00:00:00Z")
    for _ in 0..<60 {
      let (next, other) = (a.next(after: time, in: .utc), b.next(after: time, in: .utc))
      guard next == other, let next else {
        Issue.record("\(String(describing: next)) is not \(String(describing: other))")
        return
      }
      time = next
    }
  }

  @Test func `the text is kept without its odd spaces`() throws {
    #expect(try CronExpression(parsing: " 5\t4  * * MON ").text == "5 4 * * MON")
  }

  @Test func `mutated texts never trap`() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededRandom(seed: seed)
    let alphabet = Array("0123456789*/-,?LW# @JANFEBSUNMO".utf8)
    for _ in 0..<3_000 {
      let length = random.below(24)
      let text = String(
        decoding: (0..<length).map { _ in alphabet[Int(random.below(UInt64(alphabet.count)))] }, as: UTF8.self)
      for candidate in [text, "\(text) * * * *", "* * \(text) * *", "0 0 * * \(text)"] {
        guard let cron = try? CronExpression(parsing: candidate) else { continue }
        if let next = cron.next(after: Timestamp(seconds: 0), in: .utc) { #expect(next.seconds > 0, "seed \(seed)") }
      }
    }
  }
}
