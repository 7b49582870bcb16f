import ArgumentParser
import SwitchyardModel

struct ConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Look at the settings.", subcommands: [Show.self])

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show every setting, its value, and where it came from.",
      discussion: "What a flag says comes before all of this. Tokens are not shown.")
    @Flag(name: .long, help: "Only what is set, not the defaults.") var set = false
    @Flag(name: .long, help: "Print JSON, for programs.") var json = false

    func run() throws {
      let settings = try Settings()
      let rows = try Setting.allCases.compactMap { setting -> JSONValue? in
        guard let found = try settings.found(setting) else {
          return set
            ? nil : ["setting": .string(setting.rawValue), "value": .string(setting.standard), "from": "default"]
        }
        return [
          "setting": .string(setting.rawValue), "value": .string(setting.isSecret ? "(set)" : found.text),
          "from": .string(found.origin.description),
        ]
      }
      let result: JSONValue = [
        "file": .string(settings.path), "fileExists": .bool(settings.hasFile), "settings": .array(rows),
        "unknownVariables": .array(settings.strangers.map { .string($0) }),
      ]
      output(result, json: json) { _ in
        var table = Table(["setting", "value", "from"])
        for row in rows { table.add(["setting", "value", "from"].map(row.cell)) }
        let file = settings.hasFile ? "file: \(settings.path)" : "file: none; \(settings.path) would be read"
        let strangers = settings.strangers.map { "\nwarning: \($0) is in the environment and is no setting" }
        return table.text + "\n\n" + shown(file) + strangers.joined()
      }
    }
  }
}

extension Settings.Origin: CustomStringConvertible {
  var description: String {
    switch self {
    case .environment(let variable): variable
    case .file(let path): path
    }
  }
}
