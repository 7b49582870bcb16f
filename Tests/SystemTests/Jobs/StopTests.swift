import Foundation
import SwitchyardModel
import Testing

extension RealProcesses {
  @Suite struct Stop {
    @Test func `a running command is stopped with all its processes`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        let pids = cluster.path("pids")
        try await cluster.api.apply(
          shellJob("long", "sleep 300 & echo $! >> \(pids); echo $$ >> \(pids); wait", ["retry": ["limit": 5]]))
        let id = try await cluster.api.run("long")
        try await eventually("it runs") { cluster.read("pids").split(separator: "\n").count == 2 }
        try await cluster.succeeds("instance", "stop", id)
        let end = try await cluster.api.end(of: id)
        #expect(end.text("state") == "stopped", "\(end.text)")
        #expect(end.text("detail").contains("killed by signal 15 (TERM)"), "\(end.text)")
        #expect(end.number("attempt") == 1, "what was stopped is not tried again")
        for pid in cluster.read("pids").split(separator: "\n").compactMap({ pid_t($0) }) { #expect(!isAlive(pid)) }

        let again = try await cluster.cli("instance", "stop", id)
        #expect(again.code == 1 && again.errors.contains("over: stopped"), "\(again)")
      }
    }

    @Test func `one that ignores TERM is killed after its grace`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        try await cluster.api.apply(
          shellJob(
            "deaf", "trap '' TERM; touch \(cluster.path("ready")); while :; do sleep 1; done", ["grace": "700ms"]))
        let id = try await cluster.api.run("deaf")
        try await eventually("it runs") { FileManager.default.fileExists(atPath: cluster.path("ready")) }
        let before = ContinuousClock.now
        try await cluster.api.call("POST", "/instances/\(id)/stop")
        #expect(try await cluster.api.instance(id).text("state") == "stopping")
        let end = try await cluster.api.end(of: id)
        #expect(end.text("state") == "stopped")
        #expect(end.text("detail").contains("signal 9 (KILL)"), "\(end.text)")
        #expect(ContinuousClock.now - before >= .milliseconds(700))
      }
    }

    @Test func `what waits is cancelled; what is over is left as it is`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.api.apply(noopJob("nap"))
        let (cancelled, stopped) = (try await cluster.api.run("nap"), try await cluster.api.run("nap"))
        try await cluster.succeeds("instance", "cancel", cancelled)
        try await cluster.succeeds("instance", "stop", stopped)
        #expect(try await cluster.api.end(of: cancelled).text("state") == "cancelled")
        #expect(try await cluster.api.end(of: stopped).text("state") == "cancelled")
        try await cluster.startWorker("a")
        #expect(try await cluster.api.end(of: cluster.api.run("nap")).text("state") == "succeeded")
        for id in [cancelled, stopped] {
          let instance = try await cluster.api.instance(id)
          #expect(instance.text("state") == "cancelled" && instance.number("attempt") == 0)
          #expect(try await cluster.cli("instance", "cancel", id).errors.contains("over: cancelled"))
        }
      }
    }

    @Test func `a stop that was ordered before the server was killed is carried out after it`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        try await cluster.api.apply(
          shellJob("deaf", "trap '' TERM; touch \(cluster.path("ready")); while :; do sleep 1; done", ["grace": "3s"]))
        let id = try await cluster.api.run("deaf")
        try await eventually("it runs") { FileManager.default.fileExists(atPath: cluster.path("ready")) }
        try await cluster.api.call("POST", "/instances/\(id)/stop")
        try await cluster.kill("server")
        try await cluster.startServer()
        #expect(try await cluster.api.end(of: id).text("state") == "stopped")
      }
    }
  }
}
