import ArgumentParser
import SwitchyardModel

struct ManualCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manual", abstract: "Print the manual page: every command, option and setting.",
    discussion: """
        switchyard manual | man -l -
        switchyard manual > /usr/local/share/man/man1/switchyard.1
      """)

  func run() throws { print(try ManualPage().text) }
}

/// The manual page of this very program, in the language of man(7). It is made of what the command line itself is made
/// of, so that it cannot be of another version.
struct ManualPage {
  private let commands: [CommandTree.Command]
  /// Options that most commands have; told once.
  private let common: [CommandTree.Argument]

  init() throws {
    commands = try CommandTree.commands(of: Switchyard._dumpHelp())
    common = try CommandTree.commands(of: ServerOptions._dumpHelp()).first?.arguments ?? []
  }

  var text: String {
    var page = Roff()
    page.line(".TH SWITCHYARD 1 \"\" \"switchyard \(Switchyard.version)\"")
    guard let root = commands.first else { return page.text }
    page.line(".SH NAME")
    page.line("switchyard \\- \(Roff.escaped(root.abstract))")
    page.line(".SH SYNOPSIS")
    page.line("\\fBswitchyard\\fR \\fIcommand\\fR [\\fIoptions\\fR]")
    page.line(".SH DESCRIPTION")
    page.verbatim(root.discussion)
    page.line(".SH COMMANDS")
    for command in commands.dropFirst() { section(command, &page) }
    page.line(".SH OPTIONS OF COMMANDS THAT ASK A SERVER")
    for argument in common { item(argument, &page) }
    page.line(".SH SETTINGS")
    page.line("Each is a line of the file, a variable of the environment, and mostly an option.")
    for setting in Setting.allCases {
      page.line(".TP")
      page.line("\\fB\(Roff.escaped(setting.rawValue))\\fR, \\fB\(Roff.escaped(setting.variable))\\fR")
      page.line(Roff.escaped("Default: \(setting.standard)"))
    }
    return page.text
  }

  private func section(_ command: CommandTree.Command, _ page: inout Roff) {
    let words = command.arguments.filter { !$0.isOption }.map { argument in
      let name = "\\fI\(Roff.escaped(argument.name))\\fR" + (argument.isRepeating ? " ..." : "")
      return argument.isOptional ? "[\(name)]" : name
    }
    let title = "\\fBswitchyard \(Roff.escaped(command.path))\\fR"
    page.line(".SS \"\(([title] + words).joined(separator: " "))\"")
    page.line(Roff.escaped(command.abstract))
    if !command.discussion.isEmpty { page.verbatim(command.discussion) }
    let asks = command.arguments.contains { $0.name == "server-url" }
    let names = asks ? Set(common.map(\.name)) : []
    for argument in command.arguments where !names.contains(argument.name) { item(argument, &page) }
    if asks { page.line(".PP\nAlso the options of commands that ask a server.") }
  }

  private func item(_ argument: CommandTree.Argument, _ page: inout Roff) {
    guard !argument.about.isEmpty else { return }
    page.line(".TP")
    let value = argument.takesValue && argument.isOption ? " \\fI\(Roff.escaped(argument.valueName))\\fR" : ""
    page.line(argument.spellings.map { "\\fB\(Roff.escaped($0))\\fR" }.joined(separator: ", ") + value)
    page.line(Roff.escaped(argument.about))
  }
}

/// Lines of man(7).
private struct Roff {
  private(set) var text = ""

  mutating func line(_ line: String) { text += line + "\n" }

  /// As it is, line by line.
  mutating func verbatim(_ block: String) {
    line(".PP\n.nf")
    for row in block.split(separator: "\n", omittingEmptySubsequences: false) { line(Self.escaped(row)) }
    line(".fi")
  }

  /// No character of it is a command; hyphens are those that a shell takes.
  static func escaped(_ text: some StringProtocol) -> String {
    var result = ""
    for character in text {
      switch character {
      case "\\": result += "\\e"
      case "-": result += "\\-"
      case "'", "`", "\"", "^", "~":
        let names: [Character: String] = ["'": "\\(aq", "`": "\\(ga", "\"": "\\(dq", "^": "\\(ha", "~": "\\(ti"]
        result += names[character] ?? ""
      default: result.append(character)
      }
    }
    return result.hasPrefix(".") ? "\\&" + result : result
  }
}
