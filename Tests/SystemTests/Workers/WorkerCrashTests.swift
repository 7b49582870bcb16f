import SwitchyardModel
import Testing

extension RealProcesses {
  @Suite struct WorkerCrash {
    /// Nothing of the first attempt lived when the second began.
    private func expectMoved(_ id: String, to worker: String, _ witness: Witness, _ end: JSONValue) {
      #expect(end.text("state") == "succeeded", "\(end.text)")
      #expect(end.text("worker") == worker)
      #expect(end.number("attempt") == 2)
      #expect(witness.evidence(of: id) == ["dead", "dead", "dead"])
      let starts = witness.starts(of: id)
      #expect(starts.map(\.attempt) == [1, 2])
      #expect(witness.lastBeat(of: id) < starts.last?.time ?? 0, "the grandchild lived on")
      #expect(witness.pids(of: id).filter(isAlive) == [])
    }

    @Test func `after SIGKILL its children are dead before their instances run elsewhere`() async throws {
      try await withCluster(lease: "2s") { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        let witness = Witness(cluster: cluster)
        try await witness.define()
        let ids = [try await witness.start(), try await witness.start(), try await witness.start()]
        try await cluster.startWorker("b")
        try await cluster.kill("a")
        for id in ids { expectMoved(id, to: "b", witness, try await cluster.api.end(of: id)) }
        #expect(try await cluster.api.worker("a")?.text("state") == "lost")
      }
    }

    @Test func `after SIGSTOP its children die by their deadline, and resumed it changes nothing`() async throws {
      try await withCluster(lease: "2s") { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        let witness = Witness(cluster: cluster)
        try await witness.define()
        try await cluster.api.apply(noopJob("nap", "300ms"))
        let ids = [try await witness.start(), try await witness.start()]
        // A result that the worker has and cannot deliver while it is stopped.
        let nap = try await cluster.api.run("nap")
        try await cluster.api.instance(nap, becomes: "running")
        let incarnation = try #require(try await cluster.api.worker("a")).text("incarnation")
        try cluster.pause("a")
        try await cluster.startWorker("b")
        var ends: [JSONValue] = []
        for id in ids {
          ends.append(try await cluster.api.end(of: id))
          expectMoved(id, to: "b", witness, ends.last ?? .null)
        }
        let napEnd = try await cluster.api.end(of: nap)
        #expect(napEnd.text("worker") == "b")

        try cluster.resume("a")
        try await cluster.workerIsThere("a", not: incarnation)
        for (id, end) in zip(ids + [nap], ends + [napEnd]) {
          #expect(try await cluster.api.instance(id) == end, "the old attempt has changed something")
        }
        for id in ids { #expect(witness.starts(of: id).count == 2) }

        // It takes work again.
        try await cluster.kill("b")
        let after = try await cluster.api.end(of: cluster.api.run("nap"))
        #expect(after.text("state") == "succeeded")
      }
    }

    @Test func `started again, its instances are placed again long before its lease ends`() async throws {
      try await withCluster(lease: "5m") { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        let witness = Witness(cluster: cluster)
        try await witness.define()
        let ids = [try await witness.start(), try await witness.start()]
        try await cluster.kill("a")
        try await cluster.startWorker("a")
        for id in ids { expectMoved(id, to: "a", witness, try await cluster.api.end(of: id)) }
      }
    }

    @Test func `onLost fail ends the instance as lost, and nothing runs twice`() async throws {
      try await withCluster(lease: "2s") { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        let witness = Witness(cluster: cluster)
        try await witness.define(["onLost": "fail"])
        let id = try await witness.start()
        try await cluster.startWorker("b")
        try await cluster.kill("a")
        let end = try await cluster.api.end(of: id)
        #expect(end.text("state") == "lost", "\(end.text)")
        #expect(witness.starts(of: id).count == 1)
        #expect(witness.pids(of: id).filter(isAlive) == [])
      }
    }

    @Test func `terminated politely, it finishes what it has and takes no more`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        try await cluster.api.apply(noopJob("nap", "1500ms"))
        let id = try await cluster.api.run("nap")
        try await cluster.api.instance(id, becomes: "running")
        try cluster.process("a").signal(15)
        try await eventually("the server knows that it drains") {
          try await cluster.api.worker("a")?.text("state") == "draining"
        }
        let next = try await cluster.api.run("nap")
        #expect(try await cluster.process("a").wait() == .exit(0))
        let end = try await cluster.api.end(of: id)
        #expect(end.text("state") == "succeeded")
        #expect(end.number("attempt") == 1)
        #expect(try await cluster.api.instance(next).text("state") == "waiting")
        #expect(try await cluster.api.worker("a")?.text("state") == "left")
      }
    }
  }
}
