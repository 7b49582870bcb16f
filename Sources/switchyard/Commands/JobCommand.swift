import ArgumentParser
import Foundation
import SwitchyardModel

struct JobCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "job", abstract: "Define jobs, look at them, run them.",
    subcommands: [
      Apply.self, List.self, Show.self, Export.self, Versions.self, Next.self, Why.self, Run.self, Pause.self,
      Resume.self,
      Delete.self,
    ])

  /// Names one job.
  struct Target: ParsableArguments {
    @Argument(help: "The job: NAME, or APP/NAME.", completion: .jobs)
    var job: String

    @Option(name: .shortAndLong, help: "The app, where JOB is a bare name.", completion: .apps)
    var app = "default"

    var parts: (app: String, name: String) {
      guard let slash = job.firstIndex(of: "/") else { return (app, job) }
      return (String(job[..<slash]), String(job[job.index(after: slash)...]))
    }

    var path: String {
      get throws { try Paths.job(parts.name, of: parts.app) }
    }
  }

  struct Apply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Create or change jobs from YAML or JSON.",
      discussion: """
        A file holds one job or several, divided by `---`. A definition that is
        there already, word for word, changes nothing. All files are read and
        checked before anything is sent; what only the server knows, such as its
        time zones, it checks job by job.

          name: report
          schedule: {cron: "25 2 * * MON-FRI"}
          timeZone: Europe/Paris
          processor: {shell: {command: "make-report --day yesterday"}}
          retry: {limit: 3, backoff: 10s}
          timeout: 10m

        Required are `name` and `processor`. The rest, with what else there is:

          schedule      none: only when told to, by `job run`
            {cron: …}   5 fields, or 6 with the second first; also @daily, L, W, #
            {every: 5s} at a fixed rate        {delay: 5s} after the run before
            {at: "2030-01-01T09:00:00+01:00"}  once
          processor
            {shell: {command: TEXT or [PROGRAM, ARGUMENT, …], env: {}, cwd: /dir}}
            {http: {url: …, method: GET, headers: {}, body: …, expect: ["200-299"]}}
            {noop: {duration: 1s}}
          retry         {limit: 0, backoff: 1s, factor: 2, max: 5m, jitter: 0.5}
          grace: 5s     between TERM and KILL
          slots: 1      priority: 0      parameters: any JSON
          tags: [gpu]   a worker must have each
          site, labels, key              what strategies read
          startsAt, endsAt               no due time is before, or at this or later
          jitter: 30s   starts up to so much after the due time
          misfire       {policy: fire-once, skip or fire-all, threshold: 60s, limit: 100}
                        due times that passed while nobody fired
          overlap       {limit: 1, policy: queue, discard, replace or fail, queue: 1000}
                        how many may run at a time, and what becomes of more
          onLost        retry, fail or hold, when the worker is lost
          whenIsolated  kill or continue, when the worker is cut off
          app           instead of --app
        """)

    @Option(name: .shortAndLong, help: "A file, or - for standard input; may be repeated.")
    var file: [String]

    @Option(name: .shortAndLong, help: "The app of jobs that name none.", completion: .apps)
    var app = "default"

    @OptionGroup var server: ServerOptions

    func run() async throws {
      var jobs: [(place: String, app: String, name: String, document: JSONValue)] = []
      for path in file {
        for (index, document) in try YAMLFile.documents(at: path).enumerated() {
          let place = "\(InputFile.name(path)) document \(index + 1)"
          do {
            let job = try JobDocument(json: document)
            let (app, name) = (job.app ?? app, job.spec.name)
            if let first = jobs.first(where: { $0.app == app && $0.name == name }) {
              throw CLIError("the job \(app)/\(name) is in \(first.place) already; give each its name")
            }
            jobs.append((place, app, name, document))
          } catch {
            throw CLIError("\(place):\n\(error)")
          }
        }
      }
      guard !jobs.isEmpty else { throw CLIError("nothing to apply: the input holds no job") }
      let client = try server.client()
      try await Progress.during("applying jobs", total: jobs.count) { progress in
        for (index, job) in jobs.enumerated() {
          let path = try Paths.job(job.name, of: job.app)
          let stored: JSONValue
          do {
            stored = try await client.send("PUT", path, body: job.document)
          } catch let error as CLIError {
            throw CLIError("\(job.place), job \(job.app)/\(job.name): \(error)")
          }
          output(stored, json: server.json) {
            let when = $0.scheduleWords.map { " (\($0))" } ?? ""
            return
              "\($0.cell("app"))/\($0.cell("name")) version \($0.cell("version")), next \($0.cell("nextFire"))\(when)"
          }
          progress.reached(index + 1)
        }
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List jobs.")
    @Option(name: .shortAndLong, help: "Only of this app.", completion: .apps) var app: String?
    @Option(name: .long, help: "Only those whose name contains this.") var name: String?
    @Option(name: .long, help: "Only in this state: enabled or paused.") var state: String?
    @Option(name: .long, help: "Only those that ask for this tag.") var tag: String?
    @Option(name: .long, help: "Only those that fire like this: cron, every, delay, at or none.") var schedule: String?
    @OptionGroup var watching: WatchOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
      let client = try server.client()
      let query = [("app", app), ("name", name), ("state", state), ("tag", tag), ("schedule", schedule)]
      try await watching.output(json: server.json) {
        ["jobs": .array(try await client.pages("/jobs", query, "jobs"))]
      } _: { value in
        var table = Table(["app", "name", "state", "version", "schedule", "zone", "next"])
        for job in value["jobs"]?.arrayValue ?? [] {
          let spec = job["spec"] ?? .null
          table.add([
            job.cell("app"), job.cell("name"), job.cell("state"), job.cell("version"), spec.cell("schedule"),
            spec.cell("timeZone"), job["ended"] == true ? "ended" : job.time("nextFire"),
          ])
        }
        return table.text
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show a job and its definition.")
    @OptionGroup var target: Target
    @OptionGroup var server: ServerOptions

    func run() async throws {
      output(try await server.client().get(target.path), json: server.json) { job in
        guard var fields = job.objectValue else { return details(job) }
        fields["runs"] = job.scheduleWords.map { .string($0) }
        return details(.object(fields))
      }
    }
  }

  struct Next: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show when a job is due next.")
    @OptionGroup var target: Target
    @Option(name: .shortAndLong, help: "How many times.") var count = 5
    @OptionGroup var server: ServerOptions

    func run() async throws {
      let next = try await server.client().get("\(target.path)/next", [("count", "\(count)")])
      output(next, json: server.json) { value in
        let times = value["next"]?.arrayValue ?? []
        let words = value.cell("words")
        if times.isEmpty { return "\(words)\nnever: it is not due by itself, or its life is over" }
        let jitter = value["jitter"]?.stringValue.map { "  starts within \($0)" } ?? ""
        return ([words] + times.map { $0.cell + jitter }).map(shown).joined(separator: "\n")
      }
    }
  }

  struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Run a job now.",
      discussion: """
        With --wait the exit code is 0 when the run succeeded and 1 when it did not.
        The log is that of the last attempt; `instance logs --attempt N` has others.
        """)
    @OptionGroup var target: Target
    @Flag(name: .long, help: "Wait for the end, and print its log.") var wait = false
    @Option(name: .long, help: "Run only once for this key, however often it is sent.") var key: String?
    @Option(name: .long, help: "Parameters as JSON.") var parameters: String?
    @Option(
      name: .long,
      help:
        "Run it for each line of this file (-: standard input), a JSON object as {\"parameters\": …, \"key\": …, \"at\": …}."
    )
    var batch: String?
    @OptionGroup var server: ServerOptions

    func validate() throws {
      guard batch == nil || (!wait && key == nil && parameters == nil) else {
        throw ValidationError("--batch has its keys and parameters in the file, and does not wait.")
      }
    }

    func run() async throws {
      if let batch {
        return try await BatchSubmission(app: target.parts.app, job: target.parts.name, server: server).run(batch)
      }
      var body = JSONObject()
      body["key"] = key.map(JSONValue.string)
      if let parameters {
        do {
          body["parameters"] = try JSONValue(parsing: parameters)
        } catch {
          throw CLIError("--parameters: \(error)")
        }
      }
      let client = try server.client()
      let started = try await client.send("POST", "\(target.path)/run", body: .object(body))
      let id = started.cell("id")
      guard wait else {
        return output(started, json: server.json) { "instance \($0.cell("id"))" }
      }
      let ended = try await Progress.during("instance \(id)") { _ in try await client.end(of: id) }
      if !server.json { try await client.printLog(of: id) }
      output(ended, json: server.json) {
        let detail = $0["detail"]?.stringValue.map { ": \($0)" } ?? ""
        return shown("instance \(id) \($0.cell("state")) on \($0.cell("worker"))\(detail)")
      }
      if ended["state"]?.stringValue != "succeeded" { throw ExitCode.failure }
    }
  }

  struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Stop a job's schedule; what runs goes on.")
    @OptionGroup var target: Target
    @OptionGroup var server: ServerOptions
    func run() async throws { try await JobCommand.change("POST", "\(target.path)/pause", server) }
  }

  struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let a paused job go on from now.")
    @OptionGroup var target: Target
    @OptionGroup var server: ServerOptions
    func run() async throws { try await JobCommand.change("POST", "\(target.path)/resume", server) }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Delete a job; its instances stay to be looked at.")
    @OptionGroup var target: Target
    @OptionGroup var server: ServerOptions
    func run() async throws { try await JobCommand.change("DELETE", target.path, server) }
  }

  static func change(_ method: String, _ path: String, _ server: ServerOptions) async throws {
    output(try await server.client().send(method, path), json: server.json) {
      "\($0.cell("app"))/\($0.cell("name")) \($0.cell("state")), next \($0.cell("nextFire"))"
    }
  }
}

extension APIClient {
  /// All pages of a list.
  func pages(_ path: String, _ query: [(String, String?)], _ field: String) async throws -> [JSONValue] {
    var result: [JSONValue] = []
    var next: String?
    repeat {
      let page = try await get(path, query + [("limit", "1000"), ("cursor", next)])
      result += page[field]?.arrayValue ?? []
      next = page["next"]?.stringValue
    } while next != nil
    return result
  }

  /// Waits, as long as it takes, for an instance to be over. A server that starts again meanwhile is asked again, for two
  /// minutes.
  func end(of id: String) async throws -> JSONValue {
    let clock = ContinuousClock()
    var answered = clock.now
    while true {
      do {
        let value = try await send("GET", "\(Paths.instance(id))/wait", [("timeout", "50s")])
        if value["endedAt"] != .null { return value }
        answered = clock.now
      } catch let error as CLIError where error.isUnreachable {
        guard clock.now - answered < .seconds(120) else {
          throw CLIError(
            "instance \(id) was started; what became of it, `switchyard instance show \(id)` tells: \(error)")
        }
        try await Task.sleep(for: .seconds(1))
      }
    }
  }
}

/// Every field of a value, a line each; nested ones as JSON.
func details(_ value: JSONValue) -> String {
  let members = value.objectValue?.members ?? []
  let width = members.map(\.name.count).max() ?? 0
  return members.map { member in
    let name = member.name.padding(toLength: width, withPad: " ", startingAt: 0)
    let text: String
    switch member.value {
    case .object, .array: text = member.value.text
    default: text = member.value.cell
    }
    return "\(name)  \(member.name == "state" ? coloured(state: shown(text)) : shown(text))"
  }.joined(separator: "\n")
}
