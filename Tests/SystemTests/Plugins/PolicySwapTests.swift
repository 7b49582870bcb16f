import SwitchyardModel
import Testing

extension RealProcesses {
  @Suite struct PolicySwap {
    @Test func `twenty swaps at three hundred firings a second lose nothing`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a", slots: 64, ["--weight", "3"])
        try await cluster.startWorker("b", slots: 64, ["--weight", "1"])
        let jobs = ["pulse-a", "pulse-b", "pulse-c"]
        for name in jobs {
          try await cluster.api.apply(
            noopJob(name, "5ms", ["schedule": ["every": "10ms"], "retry": ["limit": 3, "backoff": "100ms"]]))
        }
        try await eventually("they run") { try await !cluster.api.instances("state=succeeded").isEmpty }
        for swap in 1...20 {
          let balancer = swap % 2 == 0 ? "switchyard.least-loaded" : "switchyard.weighted-round-robin"
          let policy: JSONValue = ["balancer": ["plugin": .string(balancer)]]
          try await cluster.api.call("PUT", "/apps/default/policy", policy)
          // Each decides for a while: at least thirty more are over before the next swap.
          let counters = try await cluster.api.get("/status")["sinceStart"]?.number("instances.succeeded") ?? 0
          try await eventually("thirty are over under revision \(swap)") {
            try await cluster.api.get("/status")["sinceStart"]?.number("instances.succeeded") ?? 0 >= counters + 30
          }
        }
        for name in jobs { try await cluster.api.call("POST", "/apps/default/jobs/\(name)/pause") }
        try await eventually("all are over") { try await cluster.api.open() == 0 }
        try await check(jobs, on: cluster)
      }
    }

    private func check(_ jobs: [String], on cluster: Cluster) async throws {
      let instances = try await cluster.api.instances()
      #expect(instances.allSatisfy { $0.text("state") == "succeeded" && $0.number("attempt") == 1 })
      #expect(Set(instances.map { $0.text("worker") }) == ["a", "b"])
      for name in jobs {
        let times = dueTimes(instances.filter { $0.text("job") == name })
        #expect(irregularities(times, period: 10_000_000).isEmpty, "due times of \(name) have gaps or doubles")
      }
      // By due times: a slow machine fires late, and fires them all.
      let due = dueTimes(instances)
      let seconds = Double((due.last ?? 0) - (due.first ?? 0)) / 1e9
      #expect(Double(instances.count) / seconds >= 200, "firings a second")
      #expect(try await cluster.api.get("/apps/default/policy").number("live") == 20)
    }
  }
}
