import SwitchyardModel
import Testing

extension RealProcesses {
  @Suite struct Settings {
    @Test func `a flag outdoes the environment, which outdoes the file`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        let token = "\(cluster.data)/token"
        let nobody = "http://127.0.0.1:1"
        func file(_ url: String) throws -> String {
          try cluster.write("config.yaml", "server-url: \(url)\ntoken-file: \(token)\n")
        }
        let none: [String: String?] = ["SWITCHYARD_SERVER_URL": nil, "SWITCHYARD_TOKEN_FILE": nil]

        // The file alone.
        var settings = none.merging(["SWITCHYARD_CONFIG": try file(cluster.url)]) { $1 }
        #expect(try await cluster.cli("status", settings: settings).code == 0)
        // The environment before the file.
        settings["SWITCHYARD_SERVER_URL"] = nobody
        #expect(try await cluster.cli("status", settings: settings).errors.contains(nobody))
        settings["SWITCHYARD_CONFIG"] = try file(nobody)
        settings["SWITCHYARD_SERVER_URL"] = cluster.url
        #expect(try await cluster.cli("status", settings: settings).code == 0)
        // The flag before both.
        settings["SWITCHYARD_SERVER_URL"] = nobody
        #expect(try await cluster.cli("status", "--server-url", cluster.url, settings: settings).code == 0)
        // A data directory names its token; a token itself comes before files.
        #expect(
          try await cluster.cli("status", "--server-url", cluster.url, "--data", cluster.data, settings: none).code == 0
        )
        let wrong = try await cluster.cli("status", settings: ["SWITCHYARD_TOKEN": "wrong"])
        #expect(wrong.code == 1)
      }
    }

    @Test func `config show tells where each setting came from, and shows no token`() async throws {
      try await withCluster { cluster in
        let file = try cluster.write("config.yaml", "lanes: 3\nlease: 20s\nworker-token: hush\n")
        let outcome = try await cluster.cli(
          "config", "show", "--json",
          settings: [
            "SWITCHYARD_CONFIG": file, "SWITCHYARD_LANES": "5", "SWITCHYARD_TOKEN": "hush", "SWITCHYARD_LAENS": "1",
            "SWITCHYARD_INSTANCE": "1",
          ])
        let value = try outcome.json
        let rows = value["settings"]?.arrayValue ?? []
        func row(_ name: String) -> [String?] {
          let row = rows.first { $0["setting"]?.stringValue == name }
          return [row?["value"]?.stringValue, row?["from"]?.stringValue]
        }
        #expect(row("lanes") == ["5", "SWITCHYARD_LANES"])
        #expect(row("lease") == ["20s", file])
        #expect(row("worker-token") == ["(set)", file])
        #expect(row("token") == ["(set)", "SWITCHYARD_TOKEN"])
        #expect(row("http") == ["127.0.0.1:7410", "default"])
        #expect(value["unknownVariables"] == ["SWITCHYARD_LAENS"])
        #expect(!outcome.text.contains("hush"))
      }
    }

    @Test func `a setting that there is not is refused with the nearest`() async throws {
      try await withCluster { cluster in
        for (text, words) in [
          ("server_url: http://x\n", ["server_url", "server-url"]), ("lanes: {a: 1}\n", ["lanes"]),
          ("- lanes\n", ["mapping"]), ("zzzzzzzzzz: 1\n", ["zzzzzzzzzz", "lanes"]),
        ] {
          let file = try cluster.write("config.yaml", text)
          let outcome = try await cluster.cli("config", "show", settings: ["SWITCHYARD_CONFIG": file])
          #expect(outcome.code == 1 && outcome.output.isEmpty, "\(outcome)")
          #expect((words + [file]).allSatisfy(outcome.errors.contains), "\(outcome)")
        }
      }
    }
  }
}
