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
  @OptionGroup var watching: WatchOptions
  @OptionGroup var server: ServerOptions

  func run() async throws {
    let client = try server.client()
    try await watching.output(json: server.json) {
      ["workers": .array(try await client.pages("/workers", [], "workers"))]
    } _: { value in
      var table = Table(["name", "state", "site", "placed", "slots", "weight", "tags", "apps", "since"])
      for worker in value["workers"]?.arrayValue ?? [] {
        table.add(
          ["name", "state", "site", "placed", "slots", "weight", "tags", "apps"].map(worker.cell) + [
            worker.age("seenAt")
          ])
      }
      return table.text
    }
  }
}
