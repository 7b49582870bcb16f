import SwitchyardModel
import Testing

extension RealProcesses {
  @Suite struct DroppedInPlugin {
    @Test func `it is listed, set as balancer, and decides, while the server runs`() async throws {
      try await withCluster { cluster in
        try await cluster.startDev(workers: 3)
        try await cluster.api.apply(noopJob("nap", "200ms"))
        let fixture = PluginFixture(cluster: cluster)
        #expect(try await !cluster.succeeds("plugin", "list").text.contains("com.example"))

        // The template of the SDK as it is, and one of our own that always takes the first worker.
        try await fixture.drop("\(Programs.repository)/SDK/template/first.c", as: "first")
        try await fixture.drop(try fixture.source(), as: "fixture")
        let list = try await cluster.succeeds("plugin", "list").text
        #expect(list.contains("com.example.first") && list.contains("com.example.fixture"), "\(list)")
        #expect(list.contains("switchyard.weighted-round-robin"), "those that ship are there too")

        try await cluster.succeeds("policy", "set", "--balancer", "com.example.first")
        #expect(try await shares(of: 6, on: cluster).count == 3, "the one with the most free slots: spread evenly")

        try await cluster.succeeds("policy", "set", "--balancer", #"com.example.fixture={"limit":3}"#)
        let policy = try await cluster.succeeds("policy", "show", "--json").json
        #expect(policy["policy"]?["balancer"] == ["plugin": "com.example.fixture", "config": ["limit": 3]])
        #expect(policy.number("revision") == 2 && policy.number("live") == 2)
        #expect(try await shares(of: 6, on: cluster).values.sorted() == [6], "always the first")

        let shown = try await cluster.succeeds("plugin", "show", "com.example.fixture", "--json").json
        let statistics = try #require(shown["statistics"])
        #expect(statistics.number("calls") > 0 && statistics.number("errors") == 0, "\(shown.text)")
      }
    }

    /// Runs so many at the same time and says how many each worker got.
    private func shares(of count: Int, on cluster: Cluster) async throws -> [String: Int] {
      var result: [String: Int] = [:]
      var ids: [String] = []
      for _ in 0..<count { ids.append(try await cluster.api.run("nap")) }
      for id in ids { result[try await cluster.api.end(of: id).text("worker"), default: 0] += 1 }
      return result
    }
  }
}
