import Testing

extension RealProcesses {
  @Suite struct Output {
    /// `script` gives the command a terminal (util-linux).
    private static func onTerminal(_ cluster: Cluster, _ settings: [String: String?], _ words: String) async throws
      -> String
    {
      let command = try Command(
        cluster, ["-qec", "'\(Programs.switchyard)' \(words)", "/dev/null"], ["TERM": "xterm"].merging(settings) { $1 },
        nil, program: "/usr/bin/script")
      let outcome = try await command.outcome()
      guard outcome.code == 0 else { throw Failure("\(outcome)") }
      return outcome.text
    }

    @Test func `there is colour on a terminal, and none in a pipe or under NO_COLOR`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.succeeds("job", "apply", "-f", "-", input: "name: plain\nprocessor: {noop: {}}\n")
        let green = "\u{1B}[32menabled\u{1B}[0m"
        #expect(try await Self.onTerminal(cluster, [:], "job list").contains(green))
        for settings in [["NO_COLOR": "1"], ["TERM": "dumb"]] {
          let text = try await Self.onTerminal(cluster, settings, "job list")
          #expect(text.contains("enabled") && !text.contains("\u{1B}"), "\(text)")
        }
        let piped = try await cluster.succeeds("job", "list").text
        #expect(piped.contains("enabled") && !piped.contains("\u{1B}"))
      }
    }

    @Test func `what takes over a second shows that it goes on, on a terminal alone`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("w1")
        try await cluster.succeeds(
          "job", "apply", "-f", "-", input: "name: slow\nprocessor: {noop: {duration: 1500ms}}\n")
        let shown = try await Self.onTerminal(cluster, [:], "job run slow --wait")
        #expect(shown.contains("… 1 s") && shown.contains("succeeded"), "\(shown)")
        let piped = try await cluster.succeeds("job", "run", "slow", "--wait")
        #expect(!piped.errors.contains("…"))
      }
    }

    @Test func `watching goes on, and tells a pipe what has changed`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        let command = try cluster.begin("job", "list", "--watch")
        try await eventually("the headings") { String(decoding: command.output, as: UTF8.self).contains("SCHEDULE") }
        try await cluster.succeeds("job", "apply", "-f", "-", input: "name: late\nprocessor: {noop: {}}\n")
        try await eventually("the new job") { String(decoding: command.output, as: UTF8.self).contains("late") }
        try await command.process.killAndReap()
      }
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func `each shell gets a completion script, and names come from the server`(shell: String) async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        let script = try await cluster.succeeds("completion", shell).text
        #expect(script.contains("switchyard") && script.contains("job"))
        try await cluster.succeeds("job", "apply", "-f", "-", input: "name: known\nprocessor: {noop: {}}\n")
        let names = try await cluster.succeeds(
          "---completion", "job", "show", "--", "positional@0", "3", "0", "switchyard", "job", "show", ""
        ).text
        #expect(names.split(separator: "\n").contains("known"), "\(names)")
      }
    }
  }
}
