import ArgumentParser
import SwitchyardModel

extension InstanceCommand {
  struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say why an instance waits: of each worker, who refuses it and why.")
    @Argument(help: "The instance.") var id: String
    @Option(name: .long, help: "Of how many workers one by one, up to 1000.") var workers = 20
    @OptionGroup var watching: WatchOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
      let client = try server.client()
      let path = "\(try Paths.instance(id))/explain"
      try await watching.output(json: server.json) {
        try await client.get(path, [("workers", "\(workers)")])
      } _: {
        text(of: $0)
      }
    }

    private func text(of value: JSONValue) -> String {
      var lines = [shown("instance \(value.cell("instance")) \(value.cell("state")): \(value.cell("because"))")]
      if let note = value["note"]?.stringValue, !note.isEmpty { lines.append(shown(note)) }
      var counts = ["\(value.cell("connected")) workers", "\(value.cell("serving")) serve the app"]
      for name in ["draining", "suspended"] where value.cell(name) != "0" {
        counts.append("\(value.cell(name)) \(name)")
      }
      for refusal in value["refused"]?.arrayValue ?? [] {
        counts.append("\(refusal.cell("workers")) refused by \(refusal.cell("by"))")
      }
      counts.append("\(value.cell("fitting")) fit")
      lines.append(shown(counts.joined(separator: ", ")))
      let candidates = value["workers"]?.arrayValue ?? []
      if candidates.isEmpty { return lines.joined(separator: "\n") }
      var table = Table(["worker", "free", "refused by", "reason", "scores"])
      for worker in candidates {
        table.add([
          worker.cell("name"), "\(worker.cell("free"))/\(worker.cell("slots"))", worker.cell("by"),
          worker.cell("reason"), worker.cell("scores"),
        ])
      }
      return (lines + [table.text]).joined(separator: "\n")
    }
  }

  struct Rerun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Run an instance's job once more, with the same parameters.",
      discussion: "By the definition that the job has now; with --same-version by the one that the instance had.")
    @Argument(help: "The instance.") var id: String
    @Flag(name: .long, help: "By the definition that the instance had.") var sameVersion = false
    @Option(name: .long, help: "Run only once for this key, however often it is sent.") var key: String?
    @OptionGroup var server: ServerOptions

    func run() async throws {
      var body: JSONObject = JSONObject()
      body["key"] = key.map(JSONValue.string)
      if sameVersion { body["sameVersion"] = true }
      let started = try await server.client().send("POST", "\(Paths.instance(id))/rerun", body: .object(body))
      output(started, json: server.json) { "instance \($0.cell("id"))" }
    }
  }

  struct Attempts: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the attempts of an instance, in order.")
    @Argument(help: "The instance.") var id: String
    @OptionGroup var server: ServerOptions

    func run() async throws {
      output(try await server.client().get("\(Paths.instance(id))/attempts"), json: server.json) { value in
        var table = Table(["attempt", "worker", "outcome", "dispatched", "started", "ended", "detail"])
        for attempt in value["attempts"]?.arrayValue ?? [] {
          table.add(
            ["attempt", "worker", "outcome"].map(attempt.cell)
              + ["dispatchedAt", "startedAt", "endedAt"].map(attempt.time) + [attempt.cell("detail")])
        }
        return table.text
      }
    }
  }
}
