import Foundation
import PluginFixtures
import SwitchyardCore
import SwitchyardModel
import SwitchyardPlacement
import SwitchyardPlugins
import Synchronization
import Testing

/// A running engine, and all it answers.
final class Scene: Sendable {
  let fixtures: PluginFixtures
  let registry: PluginRegistry
  let engine: PlacementEngine
  private let answers: AsyncStream<[PlacementResult]>
  private let views: AsyncStream<String?>
  private let lastInstance = Mutex<UInt64>(0)

  /// - Parameter policy: of apps without one; the puppet that picks the first row.
  init(_ policy: Policy = Scene.puppet(), lanes: Int = 1, plugins: [[String]] = [[]]) async throws {
    fixtures = try PluginFixtures()
    registry = try fixtures.registry(probing: false)
    for (index, defines) in plugins.enumerated() {
      switch defines.count {
      case 0: try registry.load(try fixtures.compile("puppet", as: "p\(index)"))
      case 1: try registry.load(try fixtures.compile("puppet", as: "p\(index)", defines[0]))
      default: try registry.load(try fixtures.compile("puppet", as: "p\(index)", defines[0], defines[1]))
      }
    }
    let (answers, answered) = AsyncStream.makeStream(of: [PlacementResult].self)
    let (views, changed) = AsyncStream.makeStream(of: String?.self)
    self.answers = answers
    self.views = views
    engine = PlacementEngine(
      registry: registry,
      options: PlacementOptions(
        lanes: lanes, defaultPolicy: policy, seed: 7, publishEvery: .milliseconds(1), generationEvery: .milliseconds(1)),
      deliver: { answered.yield($0) }, viewChanged: { changed.yield($0) })
    try engine.start()
  }

  static func puppet(pick: String = "first", filters: [String] = [], scorers: [String] = []) -> Policy {
    func strategy(_ key: String, _ value: String) -> Policy.Strategy {
      .init(plugin: "test.puppet", configuration: #"{"\#(key)":"\#(value)"}"#)
    }
    return Policy(
      filters: filters.map { strategy("filter", $0) }, scorers: scorers.map { strategy("score", $0) },
      balancer: strategy("pick", pick))
  }

  func request(
    app: String = "app", job: UInt64 = 1, slots: UInt32 = 1, tags: [String] = [],
    processor: Processor = .noop(duration: .zero),
    tried: [String] = []
  ) -> PlacementRequest {
    let spec = JobSpec(name: "j", processor: processor, slots: slots, tags: tags)
    let instance = lastInstance.withLock { last in
      last += 1
      return last
    }
    return PlacementRequest(
      instance: InstanceID(rawValue: instance), job: JobID(rawValue: job), app: app, attempt: 1,
      requirements: Requirements(spec), waitingSince: Timestamp(seconds: 0), tried: tried)
  }

  /// Asks, and waits for all answers.
  func place(_ requests: [PlacementRequest]) async -> [PlacementAnswer] {
    engine.place(requests)
    return await answers(to: requests)
  }

  func answers(to requests: [PlacementRequest]) async -> [PlacementAnswer] {
    var found: [InstanceID: PlacementAnswer] = [:]
    for await batch in answers {
      for result in batch {
        #expect(found[result.instance] == nil, "answered once")
        found[result.instance] = result.answer
      }
      if found.count >= requests.count { break }
    }
    return requests.compactMap { found[$0.instance] }
  }

  func place(_ count: Int, slots: UInt32 = 1) async -> [PlacementAnswer] {
    await place((0..<count).map { _ in request(slots: slots) })
  }

  /// Waits until the engine says that asking again is worth it.
  func viewChanged() async -> String? {
    for await app in views { return app }
    return nil
  }

  func join(_ names: String..., slots: UInt32 = 4) {
    for name in names { join(name, WorkerProfile(apps: [], slots: slots)) }
  }

  func join(_ name: String, _ profile: WorkerProfile) {
    engine.apply([.joined(ref(name), profile, session: 1)])
  }

  func ref(_ name: String) -> WorkerRef { WorkerRef(name: name, incarnation: 1) }

  func counter(_ name: String) -> UInt64 {
    registry.statistics().first?.named.first { $0.name == name }?.value ?? 0
  }

  var errors: UInt64 { registry.statistics().first?.errors ?? 0 }
  var lastError: String { registry.statistics().first?.lastError ?? "" }

  func setPolicy(_ policy: Policy, revision: UInt64, app: String = "app") async throws(PlacementError) {
    try await engine.setPolicy(
      PolicyRevision(app: app, revision: revision, policy: policy, createdAt: Timestamp(seconds: 0)))
  }
}

extension PlacementAnswer {
  var worker: String? { if case .worker(let ref) = self { ref.name } else { nil } }
  var reason: String? { if case .nobody(let reason) = self { reason } else { nil } }
}

/// Runs the body with a scene and stops it afterwards.
func withScene(
  _ policy: Policy = Scene.puppet(), lanes: Int = 1, plugins: [[String]] = [[]],
  _ body: (Scene) async throws -> Void
) async throws {
  let scene = try await Scene(policy, lanes: lanes, plugins: plugins)
  do {
    try await body(scene)
  } catch {
    await scene.engine.stop()
    throw error
  }
  await scene.engine.stop()
}
