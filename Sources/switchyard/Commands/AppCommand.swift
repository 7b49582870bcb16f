import ArgumentParser
import SwitchyardModel

struct AppCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "app", abstract: "Look at the apps: namespaces of jobs, with their policies and tokens.",
    discussion: "An app is there as soon as it has a job, a policy or a token.", subcommands: [List.self, Show.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List apps.")
    @OptionGroup var server: ServerOptions

    func run() async throws {
      output(try await server.client().get("/apps"), json: server.json) { value in
        var table = Table(["name", "jobs", "policy", "tokens"])
        for app in value["apps"]?.arrayValue ?? [] {
          table.add(["name", "jobs", "policyRevision", "tokens"].map(app.cell))
        }
        return table.text
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show an app.")
    @Argument(help: "The app.") var app: String
    @OptionGroup var server: ServerOptions
    func run() async throws {
      output(try await server.client().get(Paths.app(app)), json: server.json, details)
    }
  }
}

struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "See who changed what.", subcommands: [List.self], defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List changes, newest first.",
      discussion: "Of 90 days, and of the last 1,000,000. Runs that were asked for are in `instance list`.")
    @Option(name: .shortAndLong, help: "Only of this app.") var app: String?
    @Option(name: .shortAndLong, help: "Only what was done by this token: its name or its id.") var token: String?
    @Option(name: .long, help: "Only from then on, as 2026-03-29T01:30:00Z.") var since: String?
    @Option(name: .shortAndLong, help: "How many at most, up to 1000.") var limit = 50
    @OptionGroup var server: ServerOptions

    func run() async throws {
      let client = try server.client()
      var id: String?
      if let token { id = try await TokenCommand.id(of: token, client) }
      let query = [("app", app), ("token", id), ("since", since), ("limit", "\(limit)")]
      output(try await client.get("/audit", query), json: server.json) { value in
        var table = Table(["at", "who", "from", "what", "before", "after"])
        for record in value["audit"]?.arrayValue ?? [] {
          table.add([
            record.cell("at"), record.cell("actor"), record.cell("address"),
            "\(record.cell("method")) \(record.cell("path"))", record.cell("before"), record.cell("after"),
          ])
        }
        return table.text
      }
    }
  }
}
