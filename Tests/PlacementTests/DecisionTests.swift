import SwitchyardModel
import SwitchyardPlacement
import SwitchyardPlugins
import Testing

/// Invariants, filters, scorers, balancer, credits.
@Suite(.timeLimit(.minutes(1)))
struct DecisionTests {
  @Test func jobsAreSpreadAsLongAsThereAreSlots() async throws {
    try await withScene { scene in
      scene.join("a", "b", slots: 3)
      let answers = await scene.place(10)
      #expect(answers.count { $0.worker == "a" } == 3 && answers.count { $0.worker == "b" } == 3)
      #expect(answers.count { $0.reason == "2 workers: 2 full" } == 4)
      scene.engine.apply([.released(scene.ref("a"), slots: 1)])
      #expect(await scene.place(2).map(\.worker) == ["a", nil])
    }
  }

  @Test func nobodyIsAnsweredWithAReason() async throws {
    try await withScene { scene in
      #expect(await scene.place(1).first?.reason == "no worker is connected")
      scene.join("other", WorkerProfile(apps: ["else"], slots: 1))
      #expect(await scene.viewChanged() == "app")
      #expect(await scene.place(1).first?.reason == "none of 1 worker serves app app")
      let plain = WorkerProfile(apps: [], slots: 4)
      let gpu = WorkerProfile(apps: [], slots: 4, tags: ["gpu"], processors: ["shell"])
      scene.engine.apply(
        ["w1", "w2", "w3", "w4"].map { .joined(scene.ref($0), plain, session: 1) } + [
          .joined(scene.ref("gpu"), gpu, session: 1), .draining(scene.ref("w1")), .suspended(scene.ref("w2")),
        ])
      #expect(await scene.viewChanged() == "app")
      let reason = await scene.place([scene.request(tags: ["gpu"])]).first?.reason
      #expect(reason == "5 workers: 1 draining, 1 out of reach, 1 without processor noop, 2 without tag gpu")
    }
  }

  @Test func tagsAndSlotsAreSeenToByTheHost() async throws {
    try await withScene { scene in
      scene.join("plain", slots: 8)
      scene.join("big", WorkerProfile(apps: [], slots: 8, tags: ["gpu", "ssd"]))
      let answers = await scene.place([
        scene.request(job: 2, tags: ["gpu", "ssd"]), scene.request(job: 3, slots: 9),
        scene.request(job: 4, tags: ["gp"]),
      ])
      #expect(answers[0].worker == "big")
      #expect(answers[1].reason == "2 workers: 2 without 9 free slots")
      #expect(answers[2].reason == "2 workers: 2 without tag gp")
    }
  }

  @Test("tags and processors find each other also when the table of texts is full")
  func withoutNumbers() async throws {
    try await withScene { scene in
      for number in 0..<(1 << 18) { _ = scene.registry.interner.number("text-\(number)") }
      #expect(scene.registry.interner.number("one more") == 0)
      scene.join("plain", WorkerProfile(apps: [], slots: 8, processors: ["shell"]))
      scene.join("big", WorkerProfile(apps: [], slots: 8, tags: ["brand-new"], processors: ["noop"]))
      let answers = await scene.place([scene.request(tags: ["brand-new"]), scene.request(job: 2, tags: ["newer"])])
      #expect(answers[0].worker == "big")
      #expect(answers[1].reason == "2 workers: 1 without processor noop, 1 without tag newer")
    }
  }

  @Test func aFilterThatRefusesExplains() async throws {
    try await withScene(Scene.puppet(filters: ["keep", "none"])) { scene in
      scene.join("a")
      let reason = await scene.place(1).first?.reason
      #expect(reason == "1 worker: 1 refused by test.puppet: a is not to its taste")
    }
  }

  @Test func aFilterNeverSets() async throws {
    try await withScene(Scene.puppet(filters: ["none", "all"])) { scene in
      scene.join("a")
      #expect(await scene.place(1).first?.reason?.contains("refused by test.puppet") == true)
    }
    try await withScene(Scene.puppet(filters: ["all"])) { scene in
      scene.join("full", slots: 1)
      scene.join("free", slots: 8)
      _ = await scene.place([scene.request(), scene.request()])
      let answers = await scene.place(6)
      #expect(answers.allSatisfy { $0.worker == "free" || $0.worker == "full" })
      #expect(scene.errors > 0 && scene.lastError.contains("set rows"))
    }
  }

  @Test func aFailingFilterLetsNobodyThroughAndIsAskedAgain() async throws {
    try await withScene(Scene.puppet(filters: ["fail"])) { scene in
      scene.join("a")
      let answer = await scene.place(1).first
      #expect(answer?.reason == "filter test.puppet failed: the puppet's filter has no mind to")
      #expect(await scene.viewChanged() == "app", "a second later")
    }
  }

  @Test func verdictsAreHonouredAndBounded() async throws {
    try await withScene(Scene.puppet(filters: ["never"])) { scene in
      scene.join("a")
      #expect(await scene.place(1) == [.never(reason: "test.puppet: no such place on earth")])
    }
    try await withScene(Scene.puppet(filters: ["mute-never"])) { scene in
      scene.join("a")
      #expect(await scene.place(1).first?.reason != nil, "not without a reason")
      #expect(scene.lastError.contains("SY_NEVER without a reason"))
    }
    try await withScene(Scene.puppet(filters: ["later"])) { scene in
      scene.join("a")
      #expect(await scene.place(1) == [.later(.milliseconds(250))])
    }
    try await withScene(Scene.puppet(filters: ["verdict"])) { scene in
      scene.join("a")
      #expect(await scene.place(1).first?.reason != nil)
      #expect(scene.lastError.contains("verdict 77"))
    }
  }

  @Test(arguments: ["range", "refused", "fail"])
  func whatABalancerDoesWrongIsMadeGoodInTheSameDecision(_ pick: String) async throws {
    try await withScene(Scene.puppet(pick: pick, filters: ["even-ids"])) { scene in
      let even = (0..<100).map { "w\($0)" }.filter { nodeIsEven($0) }.prefix(2)
      let odd = (0..<100).map { "w\($0)" }.filter { !nodeIsEven($0) }.prefix(2)
      for name in even + odd { scene.join(name) }
      let answers = await scene.place(8)
      #expect(Set(answers.compactMap(\.worker)) == Set(even), "\(answers)")
      #expect(answers.count { $0.worker == even.first } == 4)
      #expect(scene.errors > 0)
      #expect(scene.engine.statistics().fallbacks == 8)
    }
  }

  @Test func picksBeyondTheSlotsAreAskedAgain() async throws {
    try await withScene(Scene.puppet(pick: "same")) { scene in
      scene.join("a", "b", slots: 2)
      let answers = await scene.place(4)
      #expect(answers.count { $0.worker == "a" } == 2 && answers.count { $0.worker == "b" } == 2)
      #expect(scene.engine.statistics().again > 0)
    }
  }

  @Test func aBalancerThatChoosesNobodyIsBelieved() async throws {
    try await withScene(Scene.puppet(pick: "nothing")) { scene in
      scene.join("a", "b")
      #expect(await scene.place(1).first?.reason == "test.puppet chose none of 2 workers that could take it")
    }
  }

  @Test func scoresReachTheBalancer() async throws {
    try await withScene(Scene.puppet(pick: "best", scorers: ["id", "nan", "fail"])) { scene in
      scene.join("a", "b", "c", "d", slots: 100)
      let best = ["a", "b", "c", "d"].max { nodeID($0) < nodeID($1) }
      #expect(Set(await scene.place(20).map(\.worker)) == [best])
    }
  }

  @Test func equalRequirementsAreNotAskedTwiceUntilSomethingChanges() async throws {
    try await withScene(Scene.puppet(pick: "nothing")) { scene in
      scene.join("a")
      _ = await scene.place(1)
      let asked = scene.counter("picks")
      _ = await scene.place(100)
      #expect(scene.counter("picks") == asked)
      scene.join("b")
      _ = await scene.viewChanged()
      _ = await scene.place(1)
      #expect(scene.counter("picks") > asked)
    }
  }

  @Test func appsAreServedByTheirOwnLanes() async throws {
    try await withScene(lanes: 3) { scene in
      scene.join("a", "b", slots: 1_000)
      let answers = await scene.place((0..<300).map { scene.request(app: "app\($0 % 7)", job: UInt64($0 % 7)) })
      #expect(answers.allSatisfy { $0.worker != nil })
      #expect(scene.engine.policyStatus().count == 7)
    }
  }

  /// Lanes share the slots of a worker: together they never take more than there are.
  @Test func lanesNeverOverrunASlot() async throws {
    try await withScene(lanes: 4) { scene in
      scene.join("a", "b", "c", slots: 50)
      let answers = await scene.place((0..<400).map { scene.request(app: "app\($0 % 16)", job: UInt64($0 % 16)) })
      let byWorker = Dictionary(grouping: answers.compactMap(\.worker)) { $0 }.mapValues(\.count)
      #expect(byWorker == ["a": 50, "b": 50, "c": 50])
    }
  }
}

func nodeIsEven(_ name: String) -> Bool { nodeID(name) % 2 == 0 }
