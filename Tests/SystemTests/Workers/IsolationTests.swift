import Foundation
import SwitchyardModel
import Testing

extension RealProcesses {
  @Suite struct Isolation {
    @Test func `a worker without a server kills what runs when its lease ends, and it runs again later`() async throws {
      try await withCluster(lease: "2s") { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        let witness = Witness(cluster: cluster)
        try await witness.define()
        let id = try await witness.start()
        try await cluster.kill("server")
        try await eventually("its processes are dead") { witness.pids(of: id).filter(isAlive) == [] }
        try await cluster.startServer()
        let end = try await cluster.api.end(of: id)
        #expect(end.text("state") == "succeeded", "\(end.text)")
        #expect(end.number("attempt") == 2)
        #expect(witness.evidence(of: id) == ["dead", "dead", "dead"])
        let past = end["pastAttempts"]?[0]
        #expect(past?.text("outcome") == "isolated", "\(end.text)")
      }
    }

    @Test func `whenIsolated continue lets it run, and its result is taken when the server is back`() async throws {
      try await withCluster(lease: "2s") { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        let gate = cluster.path("gate")
        let command = "touch \(gate).begun; while [ ! -e \(gate) ]; do sleep 0.05; done; echo done"
        try await cluster.api.apply(shellJob("stays", command, ["whenIsolated": "continue", "retry": ["limit": 0]]))
        let witness = Witness(cluster: cluster)
        try await witness.define()
        let (stays, clock) = (try await cluster.api.run("stays"), try await witness.start())
        try await eventually("it runs") { FileManager.default.fileExists(atPath: "\(gate).begun") }
        try await cluster.kill("server")
        // The kernel tells when the lease is over: a process that may not outlive it is gone.
        try await eventually("the lease is over") { witness.pids(of: clock).filter(isAlive) == [] }
        try cluster.write("gate", "")
        try await cluster.startServer()
        let end = try await cluster.api.end(of: stays)
        #expect(end.text("state") == "succeeded" && end.number("attempt") == 1, "\(end.text)")
        #expect(try await cluster.api.log(of: stays) == Array("done\n".utf8))
        #expect(try await cluster.api.end(of: clock).number("attempt") == 2)
      }
    }

    @Test func `all killed at once, all started again: what ran is run again, what waited runs, nothing twice`()
      async throws
    {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a", slots: 4)
        let line = "echo \"$SWITCHYARD_INSTANCE $SWITCHYARD_ATTEMPT\" >> \(cluster.path("ledger"))"
        try await cluster.api.apply(shellJob("line", "sleep 0.2; \(line)"))
        var ids: [String] = []
        for _ in 0..<40 { ids.append(try await cluster.api.run("line")) }
        try await eventually("some are over") { cluster.read("ledger").split(separator: "\n").count >= 8 }
        for name in ["server", "a"] { try cluster.process(name).signal(SIGKILL) }
        for name in ["server", "a"] { _ = try await cluster.process(name).wait() }
        // What was being written down at that moment is written down by now.
        let before = Ledger(cluster.read("ledger"))
        try await cluster.startServer()
        try await cluster.startWorker("a", slots: 4)
        for id in ids { #expect(try await cluster.api.end(of: id).text("state") == "succeeded") }
        let ledger = Ledger(cluster.read("ledger"))
        #expect(Set(ledger.lines.keys) == Set(ids))
        // Those whose result the server had not stored may run twice: never more than ran at that moment.
        #expect(ledger.doubled.count <= 4 && before.doubled.isEmpty, "\(ledger.doubled)")
      }
    }
  }
}
