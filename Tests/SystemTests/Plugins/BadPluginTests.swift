import Foundation
import SwitchyardModel
import Testing

extension RealProcesses {
  @Suite struct BadPlugin {
    /// A library of our own machine, patched to say that it is of another.
    private func foreign(_ cluster: Cluster) throws -> [UInt8] {
      var bytes = Array(FileManager.default.contents(atPath: "\(cluster.data)/plugins/good.so") ?? Data())
      guard bytes.count > 64 else { throw Failure("good.so is not there") }
      bytes[18] = 22
      bytes[19] = 0
      return bytes
    }

    @Test func `each is listed with its reason, and the server lives`() async throws {
      try await withCluster { cluster in
        try await cluster.startDev(workers: 1)
        let fixture = PluginFixture(cluster: cluster)
        let source = try fixture.source()
        try await fixture.drop(source, as: "good", ["-DID=\"com.example.good\""])
        for (name, flag) in [
          ("no-entry", "NO_ENTRY"), ("other-major", "OTHER_MAJOR"), ("null-pick", "NULL_PICK"),
          ("null-create", "NULL_CREATE"), ("short", "SHORT_SIZE"), ("crashes", "CRASHES"),
        ] {
          try await fixture.drop(source, as: name, ["-D\(flag)", "-DID=\"com.example.\(name)\""])
        }
        try await fixture.drop(source, as: "twin", ["-DID=\"com.example.good\""])
        try fixture.drop(Array("not a library\n".utf8), as: "text")
        try fixture.drop(try foreign(cluster), as: "foreign")

        let list = try await cluster.succeeds("plugin", "list", "--json").json
        #expect(list["plugins"]?.arrayValue?.contains { $0.text("id") == "com.example.good" } == true)
        for (name, words) in [
          ("text", ["ELF"]), ("foreign", ["S/390"]), ("no-entry", ["switchyard_plugin_v1"]),
          ("other-major", ["switchyard_plugin_v2", "major 1"]), ("null-pick", ["sy_balancer.pick", "NULL"]),
          ("null-create", ["sy_plugin.create", "NULL"]), ("short", ["sy_plugin.size is 64", "create"]),
          ("crashes", ["signal 6"]), ("twin", ["com.example.good", "good.so"]),
        ] {
          let refused = list["refused"]?.arrayValue?.first { $0.text("file").hasSuffix("/\(name).so") }
          let error = refused?.text("error") ?? "(not listed)"
          #expect(words.allSatisfy(error.contains), "\(name): \(error)")
          let answer = try await cluster.cli("policy", "set", "--balancer", "com.example.\(name)")
          #expect(answer.code != 0 && answer.errors.contains("com.example.\(name)"), "\(answer)")
        }
        try await cluster.api.apply(noopJob("nap"))
        #expect(try await cluster.api.end(of: cluster.api.run("nap")).text("state") == "succeeded")
      }
    }

    @Test func `a refused configuration changes nothing and is told in the plugin's own words`() async throws {
      try await withCluster { cluster in
        try await cluster.startDev(workers: 1)
        let fixture = PluginFixture(cluster: cluster)
        try await fixture.drop(try fixture.source(), as: "fixture")
        try await cluster.succeeds("policy", "set", "--balancer", #"com.example.fixture={"limit":2}"#)
        let before = try await cluster.api.get("/apps/default/policy")

        for (arguments, words) in [
          (
            ["--balancer", #"com.example.fixture={"limit":0}"#], ["balancer", "/limit: a number from 1 up is accepted"]
          ),
          (["--balancer", "com.example.nobody"], ["balancer", "com.example.nobody", "com.example.fixture"]),
          (["--balancer", "com.example.fixture=[1]"], ["object"]),
          (["--balancer", "com.example.fixture={"], ["line 1"]),
          (["--balancer", "com.example.fixture", "--filter", "com.example.fixture"], ["filter", "balancer"]),
          (["--balancer", #"switchyard.weighted-round-robin={"no-such":1}"#], ["no-such"]),
          ([], ["--balancer"]),
        ] {
          let answer = try await Command(cluster, ["policy", "set"] + arguments, [:], nil).outcome()
          #expect(answer.code != 0, "\(answer)")
          #expect(words.allSatisfy(answer.errors.contains), "\(answer)")
          #expect(try await cluster.api.get("/apps/default/policy") == before)
        }
      }
    }

    @Test func `rows out of range lose no job, are counted, and name the plugin`() async throws {
      try await withCluster { cluster in
        try await cluster.startDev(workers: 2)
        try await cluster.api.apply(noopJob("nap"))
        let fixture = PluginFixture(cluster: cluster)
        try await fixture.drop(try fixture.source(), as: "wild", ["-DOUT_OF_RANGE", "-DID=\"com.example.wild\""])
        let set = try await cluster.cli("policy", "set", "--balancer", "com.example.wild")
        for _ in 0..<20 {
          #expect(try await cluster.api.end(of: cluster.api.run("nap")).text("state") == "succeeded")
        }
        guard set.code == 0 else {
          // The trial run found it.
          #expect(set.errors.contains("row"), "\(set)")
          return
        }
        let shown = try await cluster.api.get("/plugins/com.example.wild")["statistics"] ?? [:]
        #expect(shown.number("errors") > 0, "\(shown.text)")
        #expect(shown.text("lastError").contains("row"), "\(shown.text)")
      }
    }
  }
}
