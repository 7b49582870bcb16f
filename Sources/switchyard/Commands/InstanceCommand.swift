import ArgumentParser
import Foundation
import SwitchyardModel

struct InstanceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "instance", abstract: "Look at the runs of jobs, read their logs, end them.",
    subcommands: [
      Submit.self, List.self, Show.self, Attempts.self, Explain.self, Logs.self, Rerun.self, Cancel.self, Stop.self,
      Release.self,
    ])

  struct Submit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Start many jobs, from a file or a pipe.",
      discussion: """
        One JSON object a line; only `job` is required:

          {"job": "resize", "parameters": {"file": "a.png"}, "key": "a.png"}
          {"job": "resize", "parameters": {"file": "b.png"}, "at": "2030-01-01T00:00:00Z"}

        With a key the same line again gives the same instance, as long as the server
        keeps that (of each job the newest 10,000 or so; `--retention-per-job` of the
        server): after an interruption send the whole file again. With --json there is
        an answer for each line, in order.
        """)
    @Option(name: .shortAndLong, help: "The file, or - for standard input.") var file: String
    @Option(name: .shortAndLong, help: "The app.", completion: .apps) var app = "default"
    @Option(name: .shortAndLong, help: "The job of lines that name none.") var job: String?
    @OptionGroup var server: ServerOptions

    func validate() throws {
      if let job, let accepted = NameRule.identifier(job) {
        throw ValidationError("--job must be \(accepted), found \(quoted(job)).")
      }
    }

    func run() async throws { try await BatchSubmission(app: app, job: job, server: server).run(file) }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List instances, newest first.",
      discussion: """
        States: waiting, running, stopping, held (for `instance release`); and at the
        end succeeded, failed, timed-out, lost, stopped, cancelled, expired, skipped.
        """)
    @Option(name: .shortAndLong, help: "Only of this app.", completion: .apps) var app: String?
    @Option(name: .shortAndLong, help: "Only of this job (of --app, else of the app `default`).") var job: String?
    @Option(name: .shortAndLong, help: "Only in these states, as waiting,failed.") var state: String?
    @Option(name: .shortAndLong, help: "Only on this worker.", completion: .workers) var worker: String?
    @Option(name: .long, help: "Only those that came to be then or later, as 2026-03-29T01:30:00Z.") var createdAfter:
      String?
    @Option(name: .long, help: "Only those that came to be before.") var createdBefore: String?
    @Option(name: .long, help: "Only those that were due then or later.") var dueAfter: String?
    @Option(name: .long, help: "Only those that were due before.") var dueBefore: String?
    @Option(name: .shortAndLong, help: "How many at most, up to 1000.") var limit = 50
    @OptionGroup var watching: WatchOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
      let client = try server.client()
      let query = [
        ("app", app ?? (job == nil ? nil : "default")), ("job", job), ("state", state), ("worker", worker),
        ("createdAfter", createdAfter), ("createdBefore", createdBefore), ("dueAfter", dueAfter),
        ("dueBefore", dueBefore), ("limit", "\(limit)"),
      ]
      try await watching.output(json: server.json) {
        try await client.get("/instances", query)
      } _: { value in
        var table = Table(["id", "job", "state", "attempt", "worker", "due", "age", "detail"])
        for instance in value["instances"]?.arrayValue ?? [] {
          table.add([
            instance.cell("id"), "\(instance.cell("app"))/\(instance.cell("job"))", instance.cell("state"),
            instance.cell("attempt"), instance.cell("worker"), instance.time("dueAt"), instance.age("createdAt"),
            instance["waitsBecause"]?.cell ?? instance.cell("detail"),
          ])
        }
        return table.text
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show an instance and its attempts.")
    @Argument(help: "The instance.", completion: .instances) var id: String
    @OptionGroup var watching: WatchOptions
    @OptionGroup var server: ServerOptions
    func run() async throws {
      let client = try server.client()
      try await watching.output(json: server.json, { try await client.get(Paths.instance(id)) }, details)
    }
  }

  struct Logs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the log of an instance.")
    @Argument(help: "The instance.", completion: .instances) var id: String
    @Flag(name: .shortAndLong, help: "Go on until it is over.") var follow = false
    @Option(name: .long, help: "Of this attempt instead of the last.") var attempt: UInt32?
    @Flag(name: .long, help: "Bytes as they are, also to a terminal.") var raw = false
    @OptionGroup var server: ServerOptions

    func run() async throws {
      try await server.client().printLog(
        of: id, [("follow", follow ? "true" : nil), ("attempt", attempt.map { "\($0)" })], raw: raw)
    }
  }

  struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Cancel an instance that waits.")
    @Argument(help: "The instance.", completion: .instances) var id: String
    @OptionGroup var server: ServerOptions
    func run() async throws { try await InstanceCommand.end(id, "cancel", server) }
  }

  struct Stop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Stop an instance, whether it waits or runs.")
    @Argument(help: "The instance.", completion: .instances) var id: String
    @OptionGroup var server: ServerOptions
    func run() async throws { try await InstanceCommand.end(id, "stop", server) }
  }

  struct Release: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let an instance run that is held because its worker was lost.")
    @Argument(help: "The instance.", completion: .instances) var id: String
    @OptionGroup var server: ServerOptions
    func run() async throws { try await InstanceCommand.end(id, "release", server) }
  }

  static func end(_ id: String, _ verb: String, _ server: ServerOptions) async throws {
    output(try await server.client().send("POST", "\(Paths.instance(id))/\(verb)"), json: server.json) {
      "instance \($0.cell("id")) \($0.cell("state"))"
    }
  }
}
