import Foundation
import SwitchyardModel
import Testing

extension RealProcesses {
  @Suite struct LoadPlugin {
    @Test func `a file is loaded while the server runs, replaced, and there after a restart`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        try await cluster.api.apply(noopJob("nap"))
        let fixture = PluginFixture(cluster: cluster)
        let source = try fixture.source()
        let file = try await fixture.compile(source, as: "mine")

        let first = try await cluster.succeeds("plugin", "load", file, "--json").json
        #expect(first["plugins"]?.arrayValue?.map { $0.text("id") } == ["com.example.fixture"])
        try await cluster.succeeds("policy", "set", "--balancer", "com.example.fixture")
        #expect(try await cluster.api.end(of: cluster.api.run("nap")).text("state") == "succeeded")

        let same = try await cluster.succeeds("plugin", "load", file, "--json").json
        #expect(same["plugins"]?.arrayValue?.first?.number("generation") == 1, "it is the same file")
        _ = try await fixture.compile(source, as: "mine", ["-DOUT_OF_RANGE"])
        let second = try await cluster.succeeds("plugin", "load", file).text
        #expect(second.contains("com.example.fixture") && second.contains("2"), "\(second)")
        try await cluster.succeeds("policy", "set", "--balancer", "com.example.fixture")
        #expect(try await cluster.api.end(of: cluster.api.run("nap")).text("state") == "succeeded")
        #expect(try await cluster.api.get("/plugins/com.example.fixture")["statistics"]?.number("errors") ?? 0 > 0)

        #expect(try await cluster.terminate("server") == .exit(0))
        let left = try FileManager.default.contentsOfDirectory(atPath: cluster.data)
        #expect(left.allSatisfy { !$0.hasPrefix("switchyard-plugins-") }, "its copies: \(left)")
        try await cluster.startServer()
        #expect(try await cluster.succeeds("plugin", "list").text.contains("com.example.fixture"))
      }
    }

    @Test func `what is refused leaves all as it was, and nothing behind`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        let fixture = PluginFixture(cluster: cluster)
        let source = try fixture.source()
        try await cluster.succeeds("plugin", "load", fixture.compile(source, as: "good"))
        let before = try await cluster.succeeds("plugin", "list").text
        let text = try cluster.write("text.so", "not a library\n")
        let crashing = try await fixture.compile(source, as: "crashing", ["-DCRASHES"])
        let twin = try await fixture.compile(source, as: "twin")
        for (arguments, words) in [
          ([text], ["text.so", "ELF"]), ([crashing], ["signal 6"]), ([twin], ["com.example.fixture", "good.so"]),
          ([text, "--name", "good.so"], ["good.so", "ELF"]),
          ([crashing, "--name", "good.so"], ["good.so", "signal 6"]),
          ([twin, "--name", "../twin.so"], ["file", ".so at the end"]), ([twin, "--name", ".so"], ["file"]),
          (["/no/such.so"], ["/no/such.so", "cannot be read"]), ([cluster.directory], ["cannot be read"]),
        ] {
          let answer = try await Command(cluster, ["plugin", "load"] + arguments, [:], nil).outcome()
          #expect(answer.code != 0 && words.allSatisfy(answer.errors.contains), "\(arguments): \(answer)")
          #expect(try await cluster.succeeds("plugin", "list").text == before, "\(arguments)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.directory) == ["good.so"])
        let stranger = try await cluster.api.exchange(
          "POST", "/plugins?file=stranger.so", bytes: Array("x".utf8), authorization: .some(nil))
        #expect(stranger.status == 401)
      }
    }
  }
}
