import ArgumentParser
import Testing

@testable import switchyard

extension RealProcesses {
  @Suite struct Manual {
    @Test func `the manual page names every command, option and setting, and nothing is lost on the way to it`()
      async throws
    {
      try await withCluster { cluster in
        let page = try await cluster.succeeds("manual").text
        let text = page.replacing("\\-", with: "-")
        for command in try CommandTree.commands(of: Switchyard._dumpHelp()).dropFirst() {
          #expect(text.contains(".SS \"\\fBswitchyard \(command.path)\\fR"), "\(command.path)")
          #expect(!command.abstract.isEmpty, "\(command.path) says nothing of itself")
          for argument in command.arguments {
            #expect(!argument.about.isEmpty, "\(command.path) \(argument.name) says nothing of itself")
            for spelling in argument.spellings {
              #expect(text.contains("\\fB\(spelling)\\fR"), "\(command.path) \(spelling)")
            }
          }
        }
        for setting in Setting.allCases {
          #expect(text.contains("\\fB\(setting.rawValue)\\fR, \\fB\(setting.variable)\\fR"))
        }
        // No line that man would take for a command of its own, and leave out.
        let commands: Set = [".TH", ".SH", ".SS", ".TP", ".PP", ".nf", ".fi"]
        for line in page.split(separator: "\n") where line.hasPrefix(".") || line.hasPrefix("'") {
          #expect(commands.contains(String(line.prefix { $0 != " " })), "\(line)")
        }
      }
    }
  }
}
