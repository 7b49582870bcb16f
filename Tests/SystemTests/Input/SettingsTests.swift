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
  }
}
