import ArgumentParser
import SwitchyardModel

extension JobCommand {
  struct Why: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say why a job fired at a time, or did not, or will.",
      discussion: """
        TIME is an instant, as 2026-03-29T01:30:00Z, or without an offset what a
        clock in the job's time zone shows, as 2026-03-29T03:30.
        """)
    @OptionGroup var target: Target
    @Option(name: .long, help: ArgumentHelp("The time to explain.", valueName: "time")) var at: String
    @OptionGroup var server: ServerOptions

    func run() async throws {
      let why = try await server.client().get("\(target.path)/why", [("at", at)])
      output(why, json: server.json) { value in
        var lines = ["\(value.cell("at"))  \(value.cell("verdict")): \(value.cell("because"))"]
        if let clock = value["clock"]?.stringValue { lines.append(clock) }
        if let from = value["startsFrom"]?.stringValue, let until = value["startsUntil"]?.stringValue {
          lines.append("starts from \(from) on, before \(until)")
        }
        if let instance = value["instance"], let id = instance["id"]?.stringValue {
          lines.append("instance \(id): \(instance.cell("state"))  \(instance.cell("detail"))")
        }
        for (name, words) in [("before", "due before"), ("after", "due after")] {
          if let time = value[name]?.stringValue { lines.append("\(words)  \(time)") }
        }
        return lines.map(shown).joined(separator: "\n")
      }
    }
  }
}
