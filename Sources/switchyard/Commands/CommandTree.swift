import SwitchyardModel

/// The commands and what they take, as the argument parser describes them.
enum CommandTree {
  struct Command {
    /// `job apply`; empty: the program.
    var path: String
    var abstract: String
    var discussion: String
    var arguments: [Argument]
  }

  struct Argument {
    /// Of an option, without its hyphens; of others, what stands for the value.
    var name: String
    /// How it is written: `-f`, `--file`; of what is no option, what stands for the value.
    var spellings: [String]
    var valueName: String
    var about: String
    /// A flag is one, too.
    var isOption: Bool
    var takesValue: Bool
    var isOptional: Bool
    var isRepeating: Bool
  }

  /// Depth first, the program itself before all others.
  ///
  /// - Parameter description: JSON, as `--experimental-dump-help` prints it.
  static func commands(of description: String) throws -> [Command] {
    let root = try JSONValue(parsing: description)["command"] ?? .null
    return commands(root, path: [])
  }

  private static func commands(_ value: JSONValue, path: [String]) -> [Command] {
    let command = Command(
      path: path.joined(separator: " "), abstract: value.text("abstract"), discussion: value.text("discussion"),
      arguments: value.items("arguments").filter { $0["shouldDisplay"] != false }.map(Argument.init).filter {
        !["help", "version"].contains($0.name)
      })
    // The parser's own: `switchyard help job` is `switchyard job --help`.
    let below = value.items("subcommands").filter { $0["shouldDisplay"] != false && $0.text("commandName") != "help" }
    return [command] + below.flatMap { commands($0, path: path + [$0.text("commandName")]) }
  }
}

extension CommandTree.Argument {
  fileprivate init(_ value: JSONValue) {
    let kind = value.text("kind")
    valueName = value.text("valueName")
    isOption = kind != "positional"
    takesValue = kind != "flag"
    name = isOption ? value["preferredName"]?.text("name") ?? valueName : valueName
    spellings = isOption ? value.items("names").map { ($0["kind"] == "long" ? "--" : "-") + $0.text("name") } : [name]
    about = value.text("abstract")
    isOptional = value["isOptional"] == true
    isRepeating = value["isRepeating"] == true
  }
}

extension JSONValue {
  fileprivate func text(_ name: String) -> String { self[name]?.stringValue ?? "" }
  fileprivate func items(_ name: String) -> [JSONValue] { self[name]?.arrayValue ?? [] }
}
