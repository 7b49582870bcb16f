import SwitchyardModel
import Testing

extension RealProcesses {
  @Suite struct BadCommandLine {
    /// Files that `job apply` refuses, with what it must say.
    private static let files: [(name: String, text: String, words: [String])] = [
      ("tabs.yaml", "name: x\n\tprocessor: {noop: {}}\n", ["tabs.yaml", "neither YAML", "2"]),
      ("twice.yaml", "name: x\nname: y\nprocessor: {noop: {}}\n", ["twice.yaml", "name", "twice"]),
      ("cron.yaml", "name: x\nschedule: {cron: \"* * 32 * *\"}\nprocessor: {noop: {}}\n", ["schedule.cron", "32"]),
      ("zone.yaml", "name: x\ntimeZone: Nowhere/City\nprocessor: {noop: {}}\n", ["timeZone", "Nowhere/City"]),
      ("url.yaml", "name: x\nprocessor: {http: {url: \"htp:/x\"}}\n", ["processor.http.url", "http or https"]),
      ("field.yaml", "name: x\nprocesor: {noop: {}}\n", ["procesor", "processor"]),
      ("long.yaml", "name: \(String(repeating: "x", count: 200))\nprocessor: {noop: {}}\n", ["name", "128"]),
      ("type.yaml", "name: 7\nprocessor: {noop: {}}\n", ["name", "text"]),
      ("empty.yaml", "", ["nothing to apply"]),
      ("list.yaml", "- 1\n", ["list.yaml document 1", "object"]),
      (
        "second.yaml", "name: fine\nprocessor: {noop: {}}\n---\nname: x\nslots: 0\nprocessor: {noop: {}}\n",
        ["document 2", "slots"]
      ),
      ("json.json", "{\"name\": \"x\", \"processor\": {\"noop\": }", ["json.json"]),
      ("bomb.yaml", bomb, ["bomb.yaml", "values"]),
      ("key.yaml", bomb + "? *a8\n: x\n", ["key.yaml", "too long to read"]),
    ]

    /// Nine levels of nine aliases: half a billion values in a few lines.
    private static let bomb = (0..<9).map { level in
      let value = level == 0 ? "x" : Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
      return "a\(level): &a\(level) [\(value)]\n"
    }.joined()

    @Test func `a file that is wrong is refused with its place, and nothing of it is stored`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        for file in Self.files {
          let outcome = try await cluster.cli("job", "apply", "-f", try cluster.write(file.name, file.text))
          #expect(outcome.code != 0 && outcome.output.isEmpty, "\(outcome)")
          #expect(file.words.allSatisfy(outcome.errors.contains), "\(outcome)")
        }
        let missing = try await cluster.cli("job", "apply", "-f", cluster.path("not-there.yaml"))
        #expect(missing.code != 0 && missing.errors.contains("not-there.yaml"), "\(missing)")
        let piped = try await cluster.cli("job", "apply", "-f", "-", input: "name: [")
        #expect(piped.code != 0 && piped.errors.contains("neither YAML"), "\(piped)")
        #expect(try await cluster.api.get("/jobs")["jobs"] == [])
      }
    }

    @Test func `arguments and settings that are wrong are named`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        for (arguments, words) in [
          (["job", "show", "nobody"], ["nobody", "job list"]),
          (["job", "run", "nobody"], ["nobody"]),
          (["job", "run", "nowhere/nobody"], ["nowhere"]),
          (["job", "next", "nobody", "--count", "many"], ["count", "many"]),
          (["job", "frobnicate"], ["frobnicate"]),
          (["instance", "show", "1"], ["13 letters and digits"]),
          (["instance", "stop", "0000000000000"], ["no instance 0000000000000"]),
          (["instance", "logs", "0000000000000"], ["no instance 0000000000000"]),
          (["instance", "list", "--state", "blue"], ["state", "blue"]),
          (["instance", "list", "--limit", "0"], ["limit", "1...1000"]),
          (["policy", "set"], ["--file", "--balancer"]),
          (["plugin", "show", "nobody"], ["nobody"]),
          (["server", "--lease", "1s"], ["lease", "2s"]),
          (["server", "--lease", "soon"], ["lease", "soon"]),
          (["server", "--http", "nonsense"], ["http", "HOST:PORT"]),
          (["server", "--lanes", "65"], ["lanes", "64"]),
          (["server", "--log-level", "loud"], ["log-level", "warning"]),
          (["worker", "--server", "::::"], ["server"]),
          (["dev", "--workers", "65"], ["workers", "64"]),
          (["cron", "next", "61 * * * *"], ["minute", "61", "0-59"]),
          (["cron", "next", "* * * * *", "--zone", "Nowhere/City"], ["Nowhere/City"]),
          (["cron", "next", "* * * * *", "--after", "yesterday"], ["after", "yesterday"]),
          (["cron", "next", "* * * * *", "--count", "0"], ["count", "1...1000"]),
        ] {
          let outcome = try await Command(cluster, arguments, [:], nil).outcome()
          #expect(outcome.code != 0 && outcome.output.isEmpty, "\(outcome)")
          #expect(words.allSatisfy(outcome.errors.contains), "\(outcome)")
        }
        #expect(try await cluster.cli("job", "frobnicate").code == 64, "a command line that is wrong")
        #expect(try await cluster.cli("job", "show", "nobody").code == 1, "a command that failed")
      }
    }

    @Test func `a server that is not there, or a token that is wrong, is told with what to do`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        let nobody = "http://127.0.0.1:\(try FreePorts.take())"
        for (settings, words) in [
          (["SWITCHYARD_SERVER_URL": nobody], [nobody, "switchyard dev"]),
          (["SWITCHYARD_SERVER_URL": "127.0.0.1"], ["server-url", "http or https"]),
          (["SWITCHYARD_TOKEN": "wrong"], ["token"]),
          (["SWITCHYARD_TOKEN_FILE": "/not/there"], ["/not/there", "--token-file"]),
          (["SWITCHYARD_CONFIG": "/not/there.yaml"], ["SWITCHYARD_CONFIG", "/not/there.yaml"]),
        ] as [([String: String?], [String])] {
          let outcome = try await cluster.cli("status", settings: settings)
          #expect(outcome.code == 1 && outcome.output.isEmpty, "\(outcome)")
          #expect(words.allSatisfy(outcome.errors.contains), "\(outcome)")
        }
      }
    }
  }
}
