import ArgumentParser
import Foundation
import SwitchyardModel

struct PluginCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plugin", abstract: "Load strategies, and look at those that are loaded.",
    subcommands: [List.self, Show.self, Load.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List plugins, those that could not be loaded with the reason.",
      discussion: "The server looks at its plugin directories again first, so that a new file is there at once.")
    @OptionGroup var server: ServerOptions

    func run() async throws {
      output(try await server.client().get("/plugins"), json: server.json) { value in
        var table = Table(["id", "version", "kinds", "license", "file", "state"])
        for plugin in value["plugins"]?.arrayValue ?? [] {
          table.add(["id", "version", "kinds", "license", "file", "state"].map(plugin.cell))
        }
        for refused in value["refused"]?.arrayValue ?? [] {
          table.add(["-", "-", "-", "-", refused.cell("file"), "refused: \(refused.cell("error"))"])
        }
        return table.text
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show a plugin, its configuration schema and counters.")
    @Argument(help: "The plugin's id.", completion: .strategies) var id: String
    @OptionGroup var server: ServerOptions
    func run() async throws {
      output(try await server.client().get(Paths.plugin(id)), json: server.json, details)
    }
  }
}

extension PluginCommand {
  struct Load: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Load a shared library into the running server.",
      discussion: """
        The server opens the file in a process of its own first, keeps it in its data
        directory, and loads it. If it is refused, all is as before.

        A file that replaces one of its name is a new generation: policies that are set
        from then on are made of it, and those that live go on with the old one. To
        change over, set the policy again.

        It needs an administrator's token: who may load code runs code as the server.
        """)
    @Argument(help: "The shared library, as first.so.", completion: .file(extensions: ["so"])) var file: String
    @Option(name: .long, help: "What it is to be called on the server. [the file's name]") var name: String?
    @OptionGroup var server: ServerOptions

    func run() async throws {
      guard let data = FileManager.default.contents(atPath: file) else {
        throw CLIError("\(file): cannot be read; name a shared library that was built with cc -shared")
      }
      let name = self.name ?? file.split(separator: "/").last.map(String.init) ?? file
      let answer = try await server.client().upload(Array(data), "/plugins", [("file", name)])
      output(answer, json: server.json) { value in
        var table = Table(["id", "version", "generation", "kinds", "file"])
        for plugin in value["plugins"]?.arrayValue ?? [] {
          table.add(["id", "version", "generation", "kinds", "file"].map(plugin.cell))
        }
        return table.text
      }
    }
  }
}

struct PolicyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy", abstract: "How an app chooses workers.",
    subcommands: [Show.self, Set.self, History.self, Rollback.self])

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show the policy of an app.")
    @Option(name: .shortAndLong, help: "The app.", completion: .apps) var app = "default"
    @OptionGroup var server: ServerOptions

    func run() async throws {
      output(try await server.client().get("\(Paths.app(app))/policy"), json: server.json, details)
    }
  }

  struct Set: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Change the policy of an app while it runs.",
      discussion: """
        The new strategies are made and tried first; when one refuses its
        configuration the old policy goes on. The new policy is the whole policy: a
        filter that is not named is gone.

          switchyard policy set --balancer switchyard.weighted-round-robin
          switchyard policy set --balancer switchyard.least-loaded \\
            --filter 'switchyard.datacenter={"active":["east"],"backups":["west"]}'
          switchyard policy set -f policy.yaml
        """)
    @Option(name: .shortAndLong, help: "The app.", completion: .apps) var app = "default"
    @Option(name: .shortAndLong, help: "A YAML or JSON file with the whole policy, or - for standard input.") var file:
      String?
    @Option(name: .long, help: "A filter, as ID or ID=JSON; may be repeated, in order.") var filter: [String] = []
    @Option(name: .long, help: "A scorer, as ID or ID=JSON; may be repeated.") var scorer: [String] = []
    @Option(name: .long, help: "The balancer, as ID or ID=JSON.") var balancer: String?
    @OptionGroup var server: ServerOptions

    func validate() throws {
      guard (file == nil) != (balancer == nil) else { throw ValidationError("Give either --file or --balancer.") }
      guard file == nil || (filter.isEmpty && scorer.isEmpty) else {
        throw ValidationError("--file holds the whole policy; --filter and --scorer go with --balancer.")
      }
    }

    func run() async throws {
      let stored = try await server.client().send("PUT", "\(Paths.app(app))/policy", body: try policy().json)
      output(stored, json: server.json) { "policy of \(app) is now revision \($0.cell("revision"))" }
    }

    private func policy() throws -> Policy {
      if let file {
        let documents = try YAMLFile.documents(at: file)
        guard documents.count == 1 else { throw CLIError("\(file): must hold one policy") }
        do { return try Policy(json: documents[0]) } catch { throw CLIError("\(file):\n\(error)") }
      }
      return Policy(
        filters: try filter.map { try strategy($0, "--filter") },
        scorers: try scorer.map { try strategy($0, "--scorer") }, balancer: try strategy(balancer ?? "", "--balancer"))
    }
  }
}

/// `ID` or `ID=JSON`.
func strategy(_ text: String, _ flag: String) throws -> Policy.Strategy {
  guard let equals = text.firstIndex(of: "=") else { return Policy.Strategy(plugin: text) }
  do {
    let value = try JSONValue(parsing: String(text[text.index(after: equals)...]))
    guard case .object = value else { throw CLIError("must be an object, as ID={\"name\": …}, found \(value.text)") }
    return Policy.Strategy(
      plugin: String(text[..<equals]), configuration: String(decoding: value.canonicalBytes, as: UTF8.self))
  } catch {
    throw CLIError("\(flag) \(text[..<equals]): \(error)")
  }
}
