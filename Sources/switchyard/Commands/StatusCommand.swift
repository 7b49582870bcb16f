import ArgumentParser
import SwitchyardModel

struct Status: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Show how the server is.")
  @OptionGroup var server: ServerOptions

  func run() async throws {
    output(try await server.client().get("/status"), json: server.json) { status in
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
  @OptionGroup var server: ServerOptions

  func run() async throws {
    let workers = try await server.client().pages("/workers", [], "workers", cursor: "after")
    output(["workers": .array(workers)], json: server.json) { _ in
      var table = Table(["name", "state", "site", "placed", "slots", "weight", "tags", "apps", "since"])
      for worker in workers {
        table.add(
          ["name", "state", "site", "placed", "slots", "weight", "tags", "apps"].map(worker.cell) + [
            worker.age("seenAt")
          ])
      }
      return table.text
    }
  }
}
