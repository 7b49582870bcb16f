import ArgumentParser
import Foundation
import SwitchyardModel
import SwitchyardSystem

struct ImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Take jobs over from elsewhere.", subcommands: [FromCrontab.self])

  struct FromCrontab: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "crontab", abstract: "Make jobs of the lines of crontabs.",
      discussion: """
          crontab -l | switchyard import crontab - --dry-run
          switchyard import crontab --system /etc/crontab /etc/cron.d/*

        Times mean what they mean to Debian's cron, changes of the clock included.
        SHELL runs the command, HOME is where it begins, CRON_TZ is the time zone, and
        other variables are the command's. What stands behind a % is its standard input.
        The comment above a line becomes the label `description`. Jobs are named after
        their commands: to import a crontab again changes only what was changed in it,
        and a line that is gone leaves its job as it is.
        """)
    @Argument(help: "A crontab, or - for standard input; several may be named.") var file: [String]
    @Flag(name: .long, help: "A user stands before each command, as in /etc/crontab and /etc/cron.d.") var system =
      false
    @Flag(name: .long, help: "Show what would be made, and ask no server.") var dryRun = false
    @Option(name: .shortAndLong, help: "The app of the jobs.", completion: .apps) var app = "default"
    @Option(name: .long, help: "What each name begins with.") var prefix = ""
    @Option(name: .shortAndLong, help: "The time zone of the crontab. [this machine's]") var zone: String?
    @OptionGroup var server: ServerOptions

    func run() async throws {
      if let problem = NameRule.app(app) { throw CLIError("--app: must be \(problem), found \(quoted(app))") }
      if !prefix.isEmpty, let problem = NameRule.identifier(prefix) {
        throw CLIError("--prefix: must be \(problem), found \(quoted(prefix))")
      }
      let zones = ZoneFiles()
      let zone = self.zone ?? SystemZone.name
      do { _ = try zones.names.zone(named: zone) } catch { throw CLIError("zone: \(error)") }
      var plans = try file.map { (file: $0, plan: CrontabImport(try crontab($0), prefix: prefix, zone: zone)) }
      for index in plans.indices { plans[index].plan.check(zones.names) }
      guard plans.contains(where: { !$0.plan.rows.isEmpty }) else {
        throw CLIError("\(file.map(InputFile.name).joined(separator: ", ")): there is no job in it")
      }
      let results = try await dryRun ? nil : apply(plans.map(\.plan))
      report(plans, results)
      if plans.allSatisfy({ $0.plan.jobs.isEmpty }) { throw ExitCode.failure }
    }

    private func crontab(_ path: String) throws -> Crontab {
      Crontab(parsing: try InputFile.text(at: path, bytes: Crontab.lengthLimit), isSystem: system)
    }

    /// - Returns: what became of each job, by its name.
    private func apply(_ plans: [CrontabImport]) async throws -> [String: String] {
      let client = try server.client()
      let jobs = plans.flatMap(\.jobs)
      guard !jobs.isEmpty else { return [:] }
      let stored = try await client.pages("/jobs", [("app", app)], "jobs")
      let versions = Dictionary(stored.map { ($0.cell("name"), $0.cell("version")) }) { first, _ in first }
      var results: [String: String] = [:]
      try await Progress.during("importing", total: jobs.count) { progress in
        for (index, spec) in jobs.enumerated() {
          let path = try Paths.job(spec.name, of: app)
          let version = try await client.send("PUT", path, body: spec.json).cell("version")
          results[spec.name] = versions[spec.name].map { $0 == version ? "unchanged" : "changed" } ?? "made"
          progress.reached(index + 1)
        }
      }
      return results
    }

    private func report(_ plans: [(file: String, plan: CrontabImport)], _ results: [String: String]?) {
      let rows = plans.flatMap { file, plan in plan.rows.map { $0.resource(file, results) } }
      let notes = Array(Set(plans.flatMap(\.plan.notes))).sorted()
      let value: JSONValue = ["lines": .array(rows), "notes": .array(notes.map { .string($0) })]
      output(value, json: server.json) { _ in
        var table = Table((plans.count > 1 ? ["file"] : []) + ["line", "result", "job", "when", "command"])
        for row in rows {
          let when = row["job"] == .null ? "reason" : "when"
          table.add(
            (plans.count > 1 ? [row.cell("file")] : [])
              + [row.cell("line"), row.cell("result"), row.cell("job"), row.cell(when), row.cell("command")])
        }
        return ([table.text] + (notes.isEmpty ? [] : [""]) + notes.map { shown("note: \($0)") }).joined(separator: "\n")
      }
    }
  }
}

extension CrontabImport.Row {
  /// - Parameter results: by the names of jobs; nil where nothing was applied.
  fileprivate func resource(_ file: String, _ results: [String: String]?) -> JSONValue {
    switch outcome {
    case .job(let spec):
      [
        "file": .string(file), "line": .integer(Int64(line)), "result": .string(results?[spec.name] ?? "would be made"),
        "job": .string(spec.name), "when": .string(spec.words), "command": .string(spec.script), "spec": spec.json,
      ]
    case .skipped(let reason):
      [
        "file": .string(file), "line": .integer(Int64(line)), "result": "skipped", "job": .null,
        "reason": .string(reason), "command": .string(text),
      ]
    }
  }
}

extension JobSpec {
  /// What the shell is told.
  fileprivate var script: String {
    if case .shell(let command) = processor { command.arguments.last ?? "" } else { "" }
  }
}

/// The time zone of this machine, in which its cron reads times.
private enum SystemZone {
  static var name: String {
    let environment = ProcessInfo.processInfo.environment["TZ"]
    if let name = environment, !name.isEmpty { return name.first == ":" ? String(name.dropFirst()) : name }
    let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/etc/localtime")
    if let link, let range = link.range(of: "zoneinfo/") { return String(link[range.upperBound...]) }
    let text = try? String(contentsOfFile: "/etc/timezone", encoding: .utf8)
    return text?.trimmingCharacters(in: .whitespacesAndNewlines) ?? "UTC"
  }
}
