import CPluginHost
import CSwitchyard
import Foundation
import SwitchyardCore
import SwitchyardModel
import SwitchyardPlacement
import SwitchyardPlugins
import Synchronization

/// How many decisions a second one lane makes, end to end: requests in at the engine's face, through the lane's thread,
/// answers out, slots released again; for each balancer that ships, alone, behind the datacenter filter, and behind the
/// filters of the default policy. And what the plugins' functions themselves take of that, called directly on the same
/// columns in the same batches: the rest is the host's share.
struct DecisionBenchmark {
  private var plugins: String
  private var nodes = [10, 1_000, 10_000, 100_000]
  private var seconds = 1.0
  private let batch = 64

  struct Failure: Error, CustomStringConvertible { var description: String }

  init(arguments: [String]) throws {
    plugins = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path
    var rest = arguments[...]
    while let name = rest.popFirst() {
      guard let value = rest.popFirst() else { throw Failure(description: "\(name) needs a value") }
      switch name {
      case "--plugins": plugins = value
      case "--nodes": nodes = value.split(separator: ",").compactMap { Int($0) }
      case "--seconds": seconds = Double(value) ?? 1
      default: throw Failure(description: "unknown option \(name)")
      }
    }
  }

  func run() async throws {
    let registry = try PluginRegistry(.init(probe: nil))
    let loaded = registry.scan(plugins).filter { $0.state == .loaded }
    let balancers = loaded.filter { $0.kinds.contains(.balancer) }.map(\.id)
    guard !balancers.isEmpty else { throw Failure(description: "no balancer in \(plugins)") }
    let datacenter = Policy.Strategy(
      plugin: "switchyard.datacenter", configuration: #"{"active":["west","east"],"backups":["north"]}"#)
    for count in nodes {
      for balancer in balancers {
        try await measure(registry, Policy(balancer: .init(plugin: balancer)), count)
        try await measure(registry, Policy(filters: [datacenter], balancer: .init(plugin: balancer)), count)
      }
      try await measure(registry, .byDefault, count)
    }
  }

  /// `datacenter+random`
  private func name(_ policy: Policy) -> String {
    (policy.filters + [policy.balancer]).map { $0.plugin.split(separator: ".").last.map(String.init) ?? "" }
      .joined(separator: "+")
  }

  private func workers(_ count: Int) -> [NodeChange] {
    (0..<count).map { index in
      let profile = WorkerProfile(
        apps: [], slots: UInt32(max(64, 20_000 / count)), weight: Double(1 + index % 3),
        site: ["west", "east", "north"][index % 3])
      return .joined(WorkerRef(name: "worker-\(index)", incarnation: 1), profile, session: 1)
    }
  }

  private func measure(_ registry: PluginRegistry, _ policy: Policy, _ count: Int) async throws {
    let labels = ["strategies": name(policy), "nodes": "\(count)"]
    var whole: [Double] = [], direct: [Double] = []
    let engine = try await Engine(registry, policy, workers(count), batch: batch)
    for _ in 0..<3 {
      whole.append(try engine.run(seconds: seconds / 3))
      direct.append(try await directly(registry, policy, count, seconds: seconds / 6))
    }
    await engine.stop()
    let (decision, inPlugins) = (percentile(whole.sorted(), 0.5), percentile(direct.sorted(), 0.5))
    Figure.report("decisions", 1e9 / decision, "decisions/s", labels)
    Figure.report("decision_time", of: whole, "ns", labels)
    Figure.report("decision_called_directly", of: direct, "ns", labels)
    Figure.report("decision_host_share", (decision - inPlugins) / decision * 100, "%", labels)
  }

  /// Nanoseconds of a decision when the plugins' functions are called with nothing around them.
  private func directly(
    _ registry: PluginRegistry, _ policy: Policy, _ count: Int, seconds: Double
  ) async throws -> Double {
    let seats = UInt32(max(1_024, count * 2))
    func instance(_ strategy: Policy.Strategy, _ kind: PluginKind) throws -> PluginInstance {
      try PluginInstance.make(
        try registry.plugin(strategy.plugin, as: kind), for: .init(role: .place, seatLimit: seats),
        configuration: strategy.configuration, services: registry.services())
    }
    let filters = try policy.filters.map { try instance($0, .filter) }
    let balancer = try instance(policy.balancer, .balancer)
    defer { for made in filters + [balancer] { made.retire() } }
    let directory = NodeDirectory(interner: registry.interner, columns: registry.columns)
    let table = LaneTable(credits: directory.credits, seatLimit: seats, publishEvery: .zero, generationEvery: .zero)
    directory.apply(workers(count), at: 1, wantsEvents: false) { for update in $0 { table.apply(update) } }
    _ = table.publish(at: HostClock.now)
    let view = table.view(of: "bench")
    let size = max(1, min(batch, 262_144 / view.stride))
    let calls = DirectCalls(view: view, batch: size)
    for made in filters + [balancer] {
      if let prepare = made.plugin.tables.prepare?.prepare { _ = prepare(made.pointer, calls.callWithoutJobs()) }
    }
    guard let pick = balancer.plugin.tables.balancer?.pick else { return .nan }
    var decided = 0, spent: Int64 = 0
    let end = HostClock.now + Int64(seconds * 1e9)
    while HostClock.now < end {
      let lines = filters.isEmpty ? nil : calls.filterLines()
      let start = HostClock.now
      for made in filters {
        guard let filter = made.plugin.tables.filter?.filter,
          filter(made.pointer, calls.call(), lines, calls.stride) == 0
        else { throw Failure(description: "\(made.plugin.id) failed") }
      }
      spent += HostClock.now - start
      let rows = calls.rows(filtered: !filters.isEmpty)
      let picking = HostClock.now
      guard pick(balancer.pointer, calls.call(), rows, calls.picked) == 0 else {
        throw Failure(description: "\(policy.balancer.plugin) failed")
      }
      spent += HostClock.now - picking
      decided += size
    }
    return Double(spent) / Double(decided)
  }
}

/// An engine with a policy and workers, warmed up.
private struct Engine {
  private let engine: PlacementEngine
  private let feeder: Feeder

  init(_ registry: PluginRegistry, _ policy: Policy, _ workers: [NodeChange], batch: Int) async throws {
    let answers = AnswerBox()
    let engine = PlacementEngine(
      registry: registry, options: PlacementOptions(lanes: 1, defaultPolicy: policy, seed: 1),
      deliver: { answers.put($0) }, viewChanged: { _ in })
    try engine.start()
    engine.apply(workers)
    try await engine.setPolicy(
      PolicyRevision(app: "bench", revision: 1, policy: policy, createdAt: Timestamp(seconds: 0)))
    let feeder = Feeder(engine: engine, answers: answers, batch: batch)
    // Rows beyond the first seats show up when new instances have taken over.
    for _ in 0..<200 {
      if feeder.run(seconds: 0.01, looking: true).refused == 0, feeder.seen >= min(workers.count, 1_024) / 4 { break }
    }
    _ = feeder.run(seconds: 0.3)
    self.engine = engine
    self.feeder = feeder
  }

  /// - Returns: nanoseconds of a decision.
  func run(seconds: Double) throws -> Double {
    let result = feeder.run(seconds: seconds)
    guard result.refused == 0 else {
      throw DecisionBenchmark.Failure(description: "\(result.refused) were refused, \(result.placed) placed")
    }
    return result.seconds * 1e9 / Double(result.placed)
  }

  func stop() async { await engine.stop() }
}
