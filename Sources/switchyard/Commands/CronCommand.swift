import ArgumentParser
import Foundation
import SwitchyardModel
import SwitchyardSystem

struct CronCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cron", abstract: "Try cron expressions; no server is asked.", subcommands: [Next.self])

  struct Next: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show what an expression means and when it is due.",
      discussion: """
          switchyard cron next "25 2 4,19 * *" --zone Europe/Paris

        Five fields (minute hour day-of-month month day-of-week), six with the second
        first, or @daily and the like; also names, ranges, steps, lists, L, W, #. When
        both day fields are restricted, either is enough, as in Debian's cron; and as
        there, fixed times that a change of the clock skips are due right after it.

        With - for the expression, each line of standard input is a question and gives
        a line of JSON, an {"error"} when it is wrong. {"cron": TEXT, "zone": NAME,
        "after": TIME, "count": N}: what is left out is taken from the options.
        """)
    @Argument(help: "The expression, in quotes; or -.") var expression: String
    @Option(name: .shortAndLong, help: "The time zone in which it is read.") var zone = "UTC"
    @Option(name: .long, help: "The time after which to look, as 2026-03-29T01:30:00Z. [now]") var after: String?
    @Option(name: .shortAndLong, help: "How many times, up to 1000.") var count = 5
    @Flag(name: .long, help: "Print JSON, for programs.") var json = false

    func run() throws {
      let zones = ZoneFiles()
      let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))
      guard expression == "-" else {
        let question = try CronQuestion(json: ["cron": .string(expression)], self, now: now)
        return print(json ? try question.answer(zones).text : try question.table(zones))
      }
      while let line = readLine() {
        let answer: JSONValue
        do {
          answer = try CronQuestion(json: try JSONValue(parsing: line), self, now: now).answer(zones)
        } catch {
          answer = ["error": .string("\(error)")]
        }
        print(answer.text)
      }
    }
  }
}

/// When is this due?
private struct CronQuestion {
  let cron: CronExpression
  let zone: String
  let after: Timestamp
  let count: Int

  /// - Parameters:
  ///   - options: what is not in the question.
  ///   - now: the time after which to look, when nothing names one.
  init(json: JSONValue, _ options: CronCommand.Next, now: Timestamp) throws {
    var fields = json.objectValue ?? JSONObject()
    fields["zone"] = fields["zone"] ?? .string(options.zone)
    fields["after"] = fields["after"] ?? options.after.map { .string($0) }
    fields["count"] = fields["count"] ?? .integer(Int64(options.count))
    let read = try JSONValue.object(fields).read { fields in
      (
        cron: fields.required("cron", "a cron expression")?.parsed(
          bytes: 1...CronExpression.lengthLimit, CronExpression.init(parsing:)),
        zone: fields.string("zone", bytes: 1...64), after: fields.optional("after")?.timestamp(),
        count: fields.integer("count", in: 1...1000)
      )
    }
    guard let cron = read.cron else { throw CLIError("cron: is required") }
    self.cron = cron
    (zone, after, count) = (read.zone, read.after ?? now, read.count)
  }

  private func rules(_ zones: ZoneFiles) throws -> TimeZoneRules {
    do { return try zones.names.zone(named: zone) } catch { throw CLIError("zone: \(error)") }
  }

  private func times(_ rules: TimeZoneRules) -> [Timestamp] {
    Array(sequence(first: after) { cron.next(after: $0, in: rules) }.dropFirst().prefix(count))
  }

  func answer(_ zones: ZoneFiles) throws -> JSONValue {
    let next = times(try rules(zones)).map { JSONValue.string("\($0)") }
    return ["cron": .string(cron.text), "zone": .string(zone), "words": .string(cron.words), "next": .array(next)]
  }

  /// For people: in the zone, and in UTC.
  func table(_ zones: ZoneFiles) throws -> String {
    let rules = try rules(zones)
    let due = times(rules)
    guard !due.isEmpty else { return "\(cron.words)\nnever: no month has such a day" }
    var table = Table([zone, "UTC"])
    for time in due { table.add([rules.civil(at: time).text, "\(time)"]) }
    return "\(cron.words)\n\(table.text)"
  }
}

extension CivilTime {
  /// `2026-03-29 02:30:00`.
  fileprivate var text: String {
    String(format: "%04d-%02d-%02d %02d:%02d:%02d", year, month, day, hour, minute, second)
  }
}
