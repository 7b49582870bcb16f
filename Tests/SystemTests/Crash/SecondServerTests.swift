import SwitchyardModel
import Testing

extension RealProcesses {
  @Suite struct SecondServer {
    @Test func `on the same data directory it is refused, and the first goes on`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        let holder = try cluster.process("server").pid
        let second = try await cluster.cli(
          "server", "--data", cluster.data, "--http", "127.0.0.1:\(try FreePorts.take())",
          "--grpc", "127.0.0.1:\(try FreePorts.take())")
        #expect(second.code != 0)
        #expect(second.errors.contains("in use by process \(holder)"), "\(second)")
        #expect(second.errors.contains(cluster.data), "\(second)")

        try await cluster.api.apply(noopJob("still-here"))
        #expect(try await cluster.api.end(of: cluster.api.run("still-here")).text("state") == "succeeded")
      }
    }

    @Test func `on a port that is taken it says which, and ends`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        let second = try await cluster.cli(
          "server", "--data", cluster.path("other"), "--http", "127.0.0.1:\(cluster.http)",
          "--grpc", "127.0.0.1:\(try FreePorts.take())")
        #expect(second.code != 0)
        #expect(second.errors.contains("\(cluster.http)"), "\(second)")
      }
    }
  }
}
