import SwitchyardModel
import Testing

extension RealProcesses {
  @Suite struct NoWorker {
    @Test func `instances wait while there is none, and run when one joins`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.api.apply(noopJob("plain"))
        try await cluster.api.apply(noopJob("special", "0s", ["tags": ["gpu"]]))
        var ids: [String] = []
        for _ in 0..<20 { ids.append(try await cluster.api.run("plain")) }
        let special = try await cluster.api.run("special")
        let states = try await cluster.api.instances().map { $0.text("state") }
        #expect(states == Array(repeating: "waiting", count: 21))

        try await cluster.startWorker("a")
        for id in ids { #expect(try await cluster.api.end(of: id).text("state") == "succeeded") }
        #expect(try await cluster.api.instance(special).text("state") == "waiting", "nobody bears its tag")

        try await cluster.startWorker("b", ["--tag", "gpu"])
        let end = try await cluster.api.end(of: special)
        #expect(end.text("state") == "succeeded")
        #expect(end.text("worker") == "b")
      }
    }

    @Test func `a worker with a wrong token is refused and says so`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        let wrong = try cluster.write("wrong-token", String(repeating: "0", count: 64))
        try cluster.launchWorker("stranger", ["--worker-token-file", wrong])
        try await eventually("it tells that its token is wrong") { cluster.read("stranger.log").contains("token") }
        #expect(try await cluster.api.worker("stranger") == nil)
      }
    }
  }
}
