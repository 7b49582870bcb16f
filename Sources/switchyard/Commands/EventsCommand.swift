import ArgumentParser
import Foundation
import SwitchyardModel

struct EventsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events", abstract: "Show what happens, as it happens, until Ctrl-C.",
    discussion: """
      When the connection breaks, it goes on where it was as soon as the server is back;
      `gap` says that some events were lost. With --json each line has the event's id,
      for --since.
      """)

  @Option(name: .shortAndLong, help: "Only of this app.", completion: .apps) var app: String?
  @Option(name: .shortAndLong, help: "Only of this job (of --app, else of the app `default`).") var job: String?
  @Option(
    name: .long,
    help: "Only of these, as instance,worker: instance, attempt, job, worker, policy, plugin, store, server.")
  var types: String?
  @Option(name: .long, help: "Go on after the event of this id.") var since: String?
  @OptionGroup var server: ServerOptions

  func run() async throws {
    let client = try server.client()
    let query = [("app", app ?? (job == nil ? nil : "default")), ("job", job), ("types", types)]
    var parser = EventParser(lastID: since)
    var isConnected = false
    while true {
      do {
        try await client.stream(
          "/events", query, headers: parser.lastID.map { [("last-event-id", $0)] } ?? []
        ) { bytes in
          isConnected = true
          for event in parser.feed(bytes) { try show(event) }
        }
      } catch let error as CLIError where isConnected {
        // It was there before, and may be on its way back.
        note("\(error); trying again")
      }
      parser.reset()
      try await Task.sleep(for: .seconds(1))
    }
  }

  private func show(_ event: ServerEvent) throws {
    let data = (try? JSONValue(parsing: event.data)) ?? .null
    let line: String
    if server.json {
      line = (["id": .string(event.id), "event": .string(event.kind), "data": data] as JSONValue).text
    } else {
      let facts = (data.objectValue?.members ?? []).filter {
        $0.name != "at" && $0.name != "jobId" && $0.value != .null
      }
      let text = facts.map { "\($0.name)=\($0.value.cell)" }.joined(separator: " ")
      line = shown("\(data["at"]?.stringValue ?? "") \(event.kind) \(text)")
    }
    try writeRaw(Array((line + "\n").utf8))
  }

  private func note(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data("\(text)\n".utf8))
  }
}
