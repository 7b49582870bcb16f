import SwitchyardCore
import SwitchyardModel
import SwitchyardPlacement
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ExplainTests {
  @Test func `each worker is told of, and nothing is taken`() async throws {
    try await withScene(Scene.puppet(scorers: ["id"])) { scene in
      scene.join("plain", slots: 4)
      scene.join("gpu", WorkerProfile(apps: [], slots: 2, tags: ["gpu"]))
      scene.join("gpu-shell", WorkerProfile(apps: [], slots: 2, tags: ["gpu"], processors: ["shell"]))
      scene.join("gpu-small", WorkerProfile(apps: [], slots: 1, tags: ["gpu"]))
      scene.join("else", WorkerProfile(apps: ["else"], slots: 9))
      let request = scene.request(slots: 2, tags: ["gpu"])
      #expect(await scene.engine.explain(request, limit: 9).note.contains("nothing was placed for the app yet"))
      // The first placement brings the policy to life.
      #expect(await scene.place([scene.request(tags: ["nobody"])]).first?.reason != nil)

      let found = await shown(4, to: request, in: scene)
      #expect([found.connected, found.serving, found.fitting] == [5, 4, 1])
      #expect(found.workers.map(\.ref.name).first == "gpu")
      #expect(found.workers.first?.refusal == nil)
      #expect(found.workers.first?.scores.map(\.by) == ["test.puppet"])
      let refusals = Dictionary(uniqueKeysWithValues: found.workers.dropFirst().map { ($0.ref.name, $0.refusal) })
      #expect(refusals["plain"]??.by == "tags" && refusals["plain"]??.reason == "lacks gpu")
      #expect(refusals["gpu-shell"]??.by == "processor")
      #expect(refusals["gpu-small"]??.reason == "has 1 of 1 slots free, and 2 are needed")
      #expect(found.refused.map(\.workers).reduce(0, +) == 3)
      #expect(await scene.engine.explain(request, limit: 2).workers.count == 2)

      for _ in 0..<9 { _ = await scene.engine.explain(request, limit: 9) }
      #expect(await scene.place([request]).first?.worker == "gpu", "the slots are still there")
      let after = await scene.engine.explain(request, limit: 9)
      #expect(after.fitting == 0)
      #expect(after.workers.first { $0.ref.name == "gpu" }?.refusal?.by == "slots")
    }
  }

  @Test func `a filter says why it refuses, and one that fails refuses all`() async throws {
    try await withScene(Scene.puppet(filters: ["keep", "none"])) { scene in
      scene.join("a", "b")
      _ = await scene.place(1)
      let found = await shown(2, to: scene.request(), in: scene)
      #expect(found.refused.map(\.by) == ["test.puppet"] && found.refused.map(\.workers) == [2])
      #expect(found.workers.allSatisfy { $0.refusal?.reason == "\($0.ref.name) is not to its taste" })
    }
    try await withScene(Scene.puppet(filters: ["fail"])) { scene in
      scene.join("a")
      _ = await scene.place(1)
      let found = await shown(1, to: scene.request(), in: scene)
      #expect(found.workers.first?.refusal?.reason.contains("has no mind to") == true, "\(found)")
    }
  }

  /// Explains when so many workers are published, which takes a moment after they joined.
  private func shown(
    _ workers: Int, to request: PlacementRequest, in scene: Scene
  ) async -> PlacementExplanation {
    while true {
      let found = await scene.engine.explain(request, limit: 9)
      if found.workers.count >= workers { return found }
      await Task.yield()
    }
  }
}
