import Testing

@testable import SwitchyardModel

@Suite struct CronWordsTests {
  @Test(
    arguments: [
      ("* * * * *", "every minute"),
      ("* * * * * *", "every second"),
      ("*/15 * * * *", "every 15 minutes"),
      ("*/5 * * * * *", "every 5 seconds"),
      ("0 * * * *", "every hour"),
      ("@hourly", "every hour"),
      ("0 */2 * * *", "every 2 hours"),
      ("5 * * * *", "every hour from 00:05 to 23:05"),
      ("30 5 * * * *", "every hour from 00:05:30 to 23:05:30"),
      ("30 9-17 * * *", "every hour from 09:30 to 17:30"),
      ("0 8-18/2 * * MON-FRI", "every 2 hours from 08:00 to 18:00 on weekdays"),
      ("*/15 9-17 * * MON-FRI", "every 15 minutes from 09:00 to 17:59 on weekdays"),
      ("* 9 * * *", "every minute from 09:00 to 09:59"),
      ("*/20 */2 * * *", "every 20 minutes, in every 2nd hour from 0 to 22"),
      ("5/15 * * * *", "every 15 minutes from minute 5 to 50"),
      ("0,5 * * * *", "at minutes 0 and 5, every hour"),
      ("0-10 22-2 * * *", "at minutes 0 to 10, in the hours 0 to 2, 22 and 23"),
      ("30 * * * * *", "at second 30, every minute"),
      ("*/10 0,30 * * * *", "every 10 seconds, in the minutes 0 and 30, every hour"),
      ("*/10 * 9-17 * * *", "every 10 seconds, from 09:00 to 17:59"),
      ("5,20 */10 * * * *", "at seconds 5 and 20, in every 10th minute from 0 to 50, every hour"),
      ("25 2 4,19 * *", "at 02:25 on the 4th and 19th"),
      ("0 2 * * *", "at 02:00 every day"),
      ("15 0 2 * * *", "at 02:00:15 every day"),
      ("0 2,14 * * *", "at 02:00 and 14:00 every day"),
      ("0,30 9-11 * * SAT,SUN", "at 09:00, 09:30, 10:00, 10:30, 11:00 and 11:30 on weekends"),
      ("0 0 1-7 * *", "at 00:00 on the 1st to 7th"),
      ("0 0 */2 * *", "at 00:00 on every 2nd day from the 1st to the 31st"),
      ("0 0 1,2,3,21,22 * *", "at 00:00 on the 1st to 3rd, 21st and 22nd"),
      ("0 0 11-13 * *", "at 00:00 on the 11th to 13th"),
      ("0 0 L * *", "at 00:00 on the last day"),
      ("0 0 15,L-3,L-1 * *", "at 00:00 on the 15th, 1 day before the last and 3 days before the last"),
      ("0 0 15W * *", "at 00:00 on the weekday nearest to the 15th"),
      ("0 0 LW * *", "at 00:00 on the last weekday"),
      ("0 0 * * MON,THU", "at 00:00 on Mondays and Thursdays"),
      ("0 0 * * 0", "at 00:00 on Sundays"),
      ("0 0 * * FRI#3", "at 00:00 on the 3rd Friday"),
      ("0 0 * * 5L,MON", "at 00:00 on Mondays and the last Friday"),
      ("0 0 13 * FRI", "at 00:00 on the 13th, and on Fridays"),
      ("0 0 */2 * FRI", "at 00:00 on every 2nd day from the 1st to the 31st, but only on Fridays"),
      ("0 0 1-31 * FRI", "at 00:00 every day"),
      ("0 0 ? * FRI", "at 00:00 on Fridays"),
      ("0 0 * MAR *", "at 00:00 every day in March"),
      ("0 0 1 */3 *", "at 00:00 on the 1st in January, April, July and October"),
      ("* * * MAR-JUN,DEC *", "every minute in March to June and December"),
      ("0 0 29 2 *", "at 00:00 on the 29th in February"),
    ] as [(String, String)])
  func `an expression in words`(text: String, words: String) throws {
    #expect(try CronExpression(parsing: text).words == words)
  }

  @Test(
    arguments: [
      (#"{"cron": "0 9 * * MON-FRI"}"#, "at 09:00 on weekdays, Europe/Paris"),
      (#"{"every": "90s"}"#, "every 1m30s"),
      (#"{"delay": "5s"}"#, "5s after the end of the run before"),
      (#"{"at": "2030-01-01T09:00:00+01:00"}"#, "once, at 2030-01-01T08:00:00.000Z"),
    ] as [(String, String)])
  func `a schedule in words`(json: String, words: String) throws {
    let text = #"{"name": "x", "timeZone": "Europe/Paris", "processor": {"noop": {}}, "schedule": \#(json)}"#
    let spec = try JobSpec(json: try JSONValue(parsing: text))
    #expect(spec.words == words)
  }

  @Test func `a job without a schedule runs only when it is told to`() {
    #expect(JobSpec(name: "x", processor: .noop(duration: .zero)).words == "only when it is told to")
  }

  /// Words may leave nothing out: those that read the same are due at the same times.
  @Test func `expressions with the same words are due at the same times`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededRandom(seed: seed)
    var meaning: [String: (due: Due, text: String)] = [:]
    var texts = ["0 0 0 1 1 *"]
    var same = 0
    for _ in 0..<4000 {
      // One field differs from an expression before: what words tell apart least easily.
      let fresh = "\(random.below(2) == 0 ? "*/20" : "\(random.below(60))") \(RandomCron.expression(&random))"
      var fields = texts[Int(random.below(UInt64(texts.count)))].split(separator: " ")
      let index = Int(random.below(6))
      fields[index] = fresh.split(separator: " ")[index]
      let text = fields.joined(separator: " ")
      texts.append(random.below(4) == 0 ? fresh : text)
      let cron = try CronExpression(parsing: text)
      let due = Due(cron)
      if let known = meaning[cron.words] {
        if known.text != text { same += 1 }
        #expect(known.due == due, "\(known.text) and \(text) are both \(cron.words), seed \(seed)")
      }
      meaning[cron.words] = (due, text)
    }
    #expect(same > 20, "too few pairs to prove anything, seed \(seed)")
  }

  /// What an expression stands for: times of the day, and days of four years, one of them a leap year.
  private struct Due: Equatable {
    var times: [UInt64]
    var days: [UInt32]

    init(_ cron: CronExpression) {
      times = [cron.seconds, cron.minutes, UInt64(cron.hours)]
      days = (2026...2029).flatMap { year in (1...12).map { cron.dueDays(year: year, month: $0) } }
    }
  }
}
