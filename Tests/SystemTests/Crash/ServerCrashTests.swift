import Foundation
import SwitchyardModel
import Testing

extension RealProcesses {
  @Suite struct ServerCrash {
    /// Two of five are shell jobs that leave a line in the ledger, the others take 100 to 500 ms.
    private static func job(_ number: Int) -> String {
      number % 5 < 2 ? "ledger" : "nap-\(number % 5 * 100 + (number % 2) * 100)"
    }

    private func define(on cluster: Cluster) async throws {
      let api = cluster.api
      let retry: JSONValue = ["retry": ["limit": 3, "backoff": "100ms"]]
      for naps in [200, 300, 400, 500] { try await api.apply(noopJob("nap-\(naps)", "\(naps)ms", retry)) }
      let line = "echo \"$SWITCHYARD_INSTANCE $SWITCHYARD_ATTEMPT\" >> \(cluster.path("ledger"))"
      try await api.apply(shellJob("ledger", line, retry))
      try await api.apply(
        noopJob("tick", "0s", ["schedule": ["every": "50ms"], "retry": ["limit": 3, "backoff": "100ms"]]))
    }

    @Test func `killed twice among a thousand instances, each finishes once`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await define(on: cluster)
        let submitter = Submitter(api: cluster.api, job: Self.job)
        var receipt = try await submitter.submit(0..<1000)
        #expect(try await cluster.api.open() >= 1000, "all wait, there is no worker")
        try await cluster.startWorker("a", slots: 12)
        try await cluster.startWorker("b", slots: 12)
        // More come all the time, also while there is no server.
        async let late = submitter.submit(1000..<1200, clients: 4, pause: .milliseconds(60))

        for left in [850, 500] as [Int64] {
          try await eventually("\(left) of them are left", within: .seconds(60)) {
            try await cluster.api.open() <= left
          }
          try await cluster.kill("server")
          try await cluster.startServer()
        }
        receipt.ids.merge(try await late.ids) { one, _ in one }
        try await cluster.api.call("POST", "/apps/default/jobs/tick/pause")
        try await eventually("all are over", within: .seconds(90)) { try await cluster.api.open() == 0 }
        try await check(receipt, on: cluster)
      }
    }

    private func check(_ receipt: Submitter.Receipt, on cluster: Cluster) async throws {
      let instances = try await cluster.api.instances()
      let submitted = instances.filter { $0.text("job") != "tick" }
      let acknowledged = Set(receipt.ids.values)
      #expect(acknowledged.count == 1200, "two submissions share an instance")
      #expect(Set(submitted.map { $0.text("id") }) == acknowledged, "what was acknowledged is there, and no more")
      #expect(Set(submitted.map { $0.text("occurrence") }).count == 1200)
      let unfinished = instances.filter { $0.text("state") != "succeeded" }
      #expect(unfinished.isEmpty, "\(unfinished.prefix(3).map(\.text))")

      let ledger = Ledger(cluster.read("ledger"))
      #expect(ledger.doubled.isEmpty, "fired twice")
      #expect(Set(ledger.lines.keys) == Set(submitted.filter { $0.text("job") == "ledger" }.map { $0.text("id") }))

      let times = dueTimes(instances.filter { $0.text("job") == "tick" })
      #expect(times.count > 100)
      #expect(irregularities(times, period: 50_000_000).isEmpty, "due times have gaps or doubles")
    }

    @Test func `terminated politely, it leaves nothing undone and exits with 0`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.api.apply(noopJob("nap", "1s"))
        try await cluster.startWorker("a")
        let id = try await cluster.api.run("nap")
        try await cluster.api.instance(id, becomes: "running")
        #expect(try await cluster.terminate("server") == .exit(0))
        try await cluster.startServer()
        let end = try await cluster.api.end(of: id)
        #expect(end.text("state") == "succeeded")
        #expect(end.number("attempt") == 1, "its worker went on meanwhile, and kept the result")
      }
    }
  }
}
