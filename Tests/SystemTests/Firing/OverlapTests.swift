import Foundation
import SwitchyardModel
import Testing

extension RealProcesses {
  @Suite struct Overlaps {
    /// How many of these ran at the same time at most.
    private func most(_ ended: [JSONValue]) throws -> Int {
      let spans = try ended.map { (from: try $0.time("startedAt"), to: try $0.time("endedAt")) }
      return spans.map { one in spans.count { $0.from <= one.from && one.from < $0.to } }.max() ?? 0
    }

    @Test func `a line is kept over a crash of the server, and the limit too`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        try await cluster.api.apply(noopJob("two", "400ms", ["overlap": ["limit": 2]]))
        var ids: [String] = []
        for _ in 0..<8 { ids.append(try await cluster.api.run("two")) }
        let last = try await cluster.api.instance(ids[7])
        #expect(last.text("state") == "queued", "\(last.text)")
        #expect(last.text("waitsBecause").contains("at most 2 of its job"), "\(last.text)")
        try await cluster.kill("server")
        try await cluster.startServer()
        var ended: [JSONValue] = []
        for id in ids { ended.append(try await cluster.api.end(of: id)) }
        #expect(ended.allSatisfy { $0.text("state") == "succeeded" }, "\(ended.map(\.text))")
        #expect(try most(ended) == 2)
      }
    }

    @Test func `what comes too much is refused, discarded, failed or takes the place of the oldest`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        func define(_ name: String, _ overlap: JSONValue) async throws -> String {
          try await cluster.api.apply(shellJob(name, "sleep 300", ["overlap": overlap]))
          let id = try await cluster.api.run(name)
          try await cluster.api.instance(id, becomes: "running")
          return id
        }
        let queued = try await define("queues", ["limit": 1, "queue": 1])
        _ = try await cluster.api.run("queues")
        let answer = try await cluster.api.exchange("POST", "/apps/default/jobs/queues/run", bytes: Array("{}".utf8))
        #expect(answer.status == 429)
        #expect(answer.detail.contains("wait for their turn already"), "\(answer.detail)")

        let discarded = try await define("discards", ["limit": 1, "policy": "discard"])
        let skipped = try await cluster.api.instance(try await cluster.api.run("discards"))
        #expect(skipped.text("state") == "skipped")
        #expect(skipped["result"]?["skipped"]?.text("reason") == "overlap", "\(skipped.text)")

        let failed = try await define("fails", ["limit": 1, "policy": "fail"])
        let failure = try await cluster.api.end(of: try await cluster.api.run("fails"))
        #expect(failure.text("state") == "failed")
        #expect(failure.text("detail").hasPrefix("overlap: "), "\(failure.text)")

        let oldest = try await define("replaces", ["limit": 1, "policy": "replace"])
        let newest = try await cluster.api.run("replaces")
        #expect(try await cluster.api.end(of: oldest).text("state") == "stopped")
        try await cluster.api.instance(newest, becomes: "running")
        for id in [queued, discarded, failed, newest] {
          try await cluster.api.call("POST", "/instances/\(id)/stop")
          #expect(try await cluster.api.end(of: id).text("state") == "stopped")
        }
      }
    }

    @Test func `a new limit is in force at once`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        try await cluster.api.apply(noopJob("grows", "30s", ["overlap": ["limit": 1]]))
        let first = try await cluster.api.run("grows")
        let second = try await cluster.api.run("grows")
        #expect(try await cluster.api.instance(second).text("state") == "queued")
        try await cluster.api.apply(noopJob("grows", "30s", ["overlap": ["limit": 2]]))
        for id in [first, second] {
          try await cluster.api.instance(id, becomes: "running")
          try await cluster.api.call("POST", "/instances/\(id)/stop")
        }
      }
    }
  }
}
