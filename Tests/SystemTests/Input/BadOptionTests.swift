import ArgumentParser
import Foundation
import SwitchyardModel
import SwitchyardWorker
import Testing

@testable import switchyard

extension RealProcesses {
  /// Every option of every command, in this process, against a real server.
  @Suite struct BadOption {
    /// Where a row says so: names of the cluster's own.
    private func filled(_ arguments: [String], _ names: [String: String]) -> [String] {
      arguments.map { argument in names.first { argument == $0.key }?.value ?? argument }
    }

    /// What the command line is refused with; nil: it was taken.
    private func refusal(_ arguments: [String]) async -> String? {
      do {
        let settings = try switchyard.Settings(environment: ["HOME": "/nowhere"])
        let command = try Switchyard.parseAsRoot(arguments)
        switch command {
        case let server as ServerCommand:
          _ = try makeLogger("", server.flags.logLevel, settings)
          _ = try server.flags.settings(settings)
        case let dev as Dev:
          _ = try makeLogger("", dev.flags.logLevel, settings)
          _ = try dev.flags.settings(settings)
        case let worker as WorkerRunCommand:
          _ = try makeLogger("", worker.flags.logLevel, settings)
          try worker.flags.configuration(settings).validate()
        case var command as any AsyncParsableCommand: try await command.run()
        case var command: try command.run()
        }
        return nil
      } catch {
        return Switchyard.fullMessage(for: error)
      }
    }

    /// A command that was taken may go on for ever, as `events` does.
    private func refusal(_ arguments: [String], within limit: Duration) async -> String? {
      await withTaskGroup { group in
        group.addTask { await refusal(arguments) }
        group.addTask {
          try? await Task.sleep(for: limit)
          return nil
        }
        defer { group.cancelAll() }
        return await group.next() ?? nil
      }
    }

    @Test func `a wrong value is refused, by the option's name and with what is accepted`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.api.apply(noopJob("seed"))
        try await cluster.api.call("POST", "/tokens", ["name": "seed", "role": "read", "apps": ["default"]])
        // Waits for ever: there is no worker.
        let instance = try await cluster.api.run("seed")
        let before = try await state(cluster)
        let names = [
          "JOB": try cluster.write("job.yaml", "name: x\nprocessor: {noop: {}}\n"), "INSTANCE": instance,
          "LINE": try cluster.write("line", "{}\n"), "EMPTY": try cluster.write("empty", ""),
          "CRONTAB": try cluster.write("crontab", "* * * * * true\n"),
          "DATA": cluster.data, "TOKEN": "seed",
        ]
        for wrong in WrongOption.all {
          var line = wrong.command.split(separator: " ").map(String.init) + filled(wrong.arguments, names)
          func isSet(_ option: String) -> Bool { wrong.arguments.contains { $0.hasPrefix(option) } }
          let isLocal = ["server", "dev", "worker run", "cron next", "completion", "store check", "store backup"]
            .contains(wrong.command)
          if wrong.command == "worker run", !isSet("--worker-token-file") {
            line += ["--worker-token-file", "\(cluster.data)/worker-token"]
          }
          if !isLocal, !wrong.command.contains("frobnicate") {
            if !isSet("--server-url") { line += ["--server-url", cluster.url] }
            if !isSet("--token-file"), !isSet("--data") { line += ["--token-file", "\(cluster.data)/token"] }
          }
          let message = await refusal(line, within: .seconds(60))
          let title = "\(wrong.command) \(wrong.arguments.joined(separator: " ").prefix(120))"
          #expect(
            message != nil && wrong.words.allSatisfy { message?.contains($0) == true },
            "\(title): \(message ?? "was taken")")
          #expect((message?.utf8.count ?? 0) < 2000, "\(title)")
        }
        #expect(try await state(cluster) == before)
      }
    }

    /// What a command that was wrong must leave as it is.
    private func state(_ cluster: Cluster) async throws -> [JSONValue] {
      var state: [JSONValue] = []
      for path in ["/jobs", "/instances", "/policies", "/apps"] { state.append(try await cluster.api.get(path)) }
      // When a token was used changes.
      let tokens = try await cluster.api.get("/tokens")["tokens"]?.arrayValue ?? []
      return state + tokens.map { [$0["id"] ?? .null, $0["state"] ?? .null, $0["previousUntil"] ?? .null] }
    }

    @Test func `there is no option without a row`() throws {
      let rows = Dictionary(grouping: WrongOption.all, by: \.command)
      // Of every command that asks a server: once is enough.
      let shared: Set = ["server-url", "token-file", "data", "tls-ca"]
      let owners: Set = ["server", "dev", "worker run", "store check", "store backup"]
      for command in try CommandTree.commands(of: Switchyard._dumpHelp()) {
        for argument in command.arguments where argument.takesValue {
          let isShared = !owners.contains(command.path) && shared.contains(argument.name)
          let wrong = (rows[isShared ? "status" : command.path] ?? []).filter { row in
            argument.isOption
              ? row.arguments.contains { $0 == "--\(argument.name)" || $0.hasPrefix("--\(argument.name)=") }
              : !row.arguments.isEmpty
          }
          #expect(!wrong.isEmpty, "\(command.path) \(argument.name)")
        }
      }
    }
  }
}
