import SwitchyardModel
import SwitchyardPlacement
import SwitchyardPlugins
import Testing

/// Policies come to life, are exchanged, and fail without harm.
@Suite(.timeLimit(.minutes(1)))
struct PolicyTests {
  @Test func aPolicyThatIsRefusedLeavesTheOldOneInPlace() async throws {
    try await withScene { scene in
      scene.join("a", slots: 100)
      try await scene.setPolicy(Scene.puppet(), revision: 1)
      let bad = Policy(balancer: .init(plugin: "test.puppet", configuration: #"{"pck":"first"}"#))
      await #expect(throws: PlacementError.self) { try await scene.setPolicy(bad, revision: 2) }
      let status = try #require(scene.engine.policyStatus().first)
      #expect(status.revision == 1 && status.error?.contains("pck") == true)
      #expect(await scene.place(5).allSatisfy { $0.worker == "a" })
      try await scene.setPolicy(Scene.puppet(pick: "nothing"), revision: 3)
      #expect(await scene.place(1).first?.reason != nil)
      #expect(scene.engine.policyStatus().first?.error == nil)
    }
  }

  @Test func errorsSayWhereInThePolicyTheyAre() async throws {
    try await withScene { scene in
      let missing = Policy(
        filters: [.init(plugin: "test.puppet"), .init(plugin: "com.acme.none")],
        balancer: .init(plugin: "test.puppet"))
      let error = await #expect(throws: PlacementError.self) { try await scene.engine.check(missing) }
      #expect(error?.code == .missing && error?.path == "filters[1]")
      #expect(error?.message.contains("com.acme.none") == true)
      try await scene.engine.check(Scene.puppet())
    }
  }

  @Test func anOldRevisionDoesNotReplaceANewerOne() async throws {
    try await withScene { scene in
      try await scene.setPolicy(Scene.puppet(), revision: 5)
      let error = await #expect(throws: PlacementError.self) { try await scene.setPolicy(Scene.puppet(), revision: 4) }
      #expect(error?.code == .stale)
      try await scene.setPolicy(Scene.puppet(), revision: 5)
    }
  }

  @Test func withoutTheDefaultsPluginsJobsWaitAndSayWhy() async throws {
    try await withScene(.byDefault) { scene in
      scene.join("a")
      let reason = await scene.place(1).first?.reason
      #expect(
        reason?.contains("no policy") == true && reason?.contains("switchyard.designated") == true,
        "\(reason ?? "")")
      try await scene.setPolicy(Scene.puppet(), revision: 1)
      #expect(await scene.viewChanged() == "app")
      #expect(await scene.place(1).first?.worker == "a")
    }
  }

  /// An app whose stored policy cannot come to life must not be placed by another one.
  @Test func theDefaultDoesNotStandInForAPolicyThatCannotLive() async throws {
    try await withScene { scene in
      scene.join("a")
      let bad = Policy(balancer: .init(plugin: "com.acme.none"))
      await #expect(throws: PlacementError.self) { try await scene.setPolicy(bad, revision: 3) }
      #expect(await scene.place(1).first?.reason?.contains("revision 3 is not live") == true)
    }
  }

  @Test func policiesAreExchangedWhileJobsAreDecidedAndNothingIsLost() async throws {
    try await withScene { scene in
      scene.join("a", "b", slots: 60_000)
      let requests = (0..<20_000).map { _ in scene.request() }
      let swaps = Task {
        for revision in 1...40 {
          try await scene.setPolicy(
            Scene.puppet(filters: revision % 2 == 0 ? ["keep"] : []), revision: UInt64(revision))
        }
      }
      for start in stride(from: 0, to: requests.count, by: 250) {
        scene.engine.place(Array(requests[start..<(start + 250)]))
      }
      let answers = await scene.answers(to: requests)
      try await swaps.value
      #expect(answers.count == 20_000 && answers.allSatisfy { $0.worker != nil })
      #expect(scene.engine.policyStatus().first?.revision == 40)
    }
  }

  @Test func moreNodesThanSeatsGetNewInstancesWithMoreRoom() async throws {
    try await withScene { scene in
      scene.join("first")
      #expect(await scene.place(1).first?.worker == "first")
      scene.engine.apply(
        (0..<3_000).map { .joined(scene.ref("w\($0)"), WorkerProfile(apps: [], slots: 1), session: 1) })
      // Four slots of the first are one less: all others are shown sooner or later.
      var placed = 0
      while placed < 3_003 {
        let answers = await scene.place(3_003 - placed)
        placed += answers.count { $0.worker != nil }
        if placed < 3_003 { _ = await scene.viewChanged() }
      }
      #expect(scene.engine.statistics().nodesRefused == 0)
    }
  }

  @Test func observersHearOfEveryAttemptOnce() async throws {
    try await withScene { scene in
      scene.join("a", slots: 1_000)
      _ = await scene.place(1)
      func event(_ kind: PlacementEvent.Kind, _ attempt: UInt32) -> NodeChange {
        .event(
          PlacementEvent(
            kind: kind, worker: scene.ref("a"), instance: .init(rawValue: 1), job: .init(rawValue: 1),
            processor: "noop", attempt: attempt, slots: 1, took: .zero))
      }
      for attempt in 0..<500 {
        scene.engine.apply([event(.dispatched, UInt32(attempt)), event(.accepted, UInt32(attempt))])
        scene.engine.apply([event(attempt % 2 == 0 ? .succeeded : .rejected, UInt32(attempt))])
      }
      scene.engine.apply([.left(scene.ref("a"))])
      // The lane takes messages in order: what it answers now comes after all of them.
      _ = await scene.place([scene.request(job: 2, tags: ["none"])])
      #expect(scene.counter("dispatched") + scene.counter("gaps") * 500 >= 500)
      #expect(scene.counter("dispatched") == 500 && scene.counter("ends") == 500)
      #expect(scene.counter("left") == 1)
    }
  }

  @Test func instancesArePreparedWithTheViewBeforeTheyDecide() async throws {
    try await withScene { scene in
      scene.join("a", "b", "c")
      _ = await scene.place(1)
      let prepared = scene.counter("prepared")
      #expect(prepared >= 1 && scene.counter("rows") >= 3)
      _ = await scene.place(10)
      #expect(scene.counter("prepared") == prepared, "not again while nothing changes")
    }
  }

  /// The same seed, requests and changes: the same dice, whatever the threads do.
  @Test func diceComeFromTheSeed() async throws {
    var sums: Set<UInt64> = []
    for _ in 0..<2 {
      try await withScene { scene in
        scene.join("a", slots: 1_000)
        try await scene.setPolicy(Scene.puppet(), revision: 1)
        for _ in 0..<20 { _ = await scene.place(1) }
        sums.insert(scene.counter("random"))
      }
    }
    #expect(sums.count == 1)
  }
}
