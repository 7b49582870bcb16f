import ArgumentParser
import SwitchyardModel

struct Status: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Show how the server is.")
  @OptionGroup var watching: WatchOptions
  @OptionGroup var server: ServerOptions

  func run() async throws {
    let client = try server.client()
    try await watching.output(json: server.json) {
      try await client.get("/status")
    } _: { status in
      """
      server     \(status.cell("server")), up for \(status.age("startedAt"))
      workers    \(status.cell("workers"))
      instances  \(status.cell("instances"))
      since start \(status.cell("sinceStart"))
      """
    }
  }
}

struct WorkerList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List workers.")
  @Option(name: .shortAndLong, help: "Only those that serve this app.", completion: .apps) var app: String?
  @Option(name: .long, help: "Only in this state, as running, draining, fault or lost.") var state: String?
  @Option(name: .long, help: "Only of this site.") var site: String?
  @Option(name: .long, help: "Only those that bear this tag.") var tag: String?
  @OptionGroup var watching: WatchOptions
  @OptionGroup var server: ServerOptions

  func run() async throws {
    let client = try server.client()
    let query = [("app", app), ("state", state), ("site", site), ("tag", tag)]
    try await watching.output(json: server.json) {
      ["workers": .array(try await client.pages("/workers", query, "workers"))]
    } _: { value in
      let columns = ["name", "state", "site", "placed", "used", "slots", "weight", "tags", "apps"]
      var table = Table(columns + ["since", "heard"])
      for worker in value["workers"]?.arrayValue ?? [] {
        table.add(columns.map(worker.cell) + [worker.age("seenAt"), worker.age("heardAt")])
      }
      return table.text
    }
  }
}
