import CPluginHost
import CSwitchyard
import Foundation
import SwitchyardCore
import SwitchyardModel
import SwitchyardPlacement
import SwitchyardPlugins
import Synchronization

/// How many decisions a second one lane makes, end to end: requests in at the engine's face, through the lane's thread,
/// answers out, slots released again; for each balancer that ships, alone and behind the datacenter filter. And what
/// the plugin's function itself takes of that, called directly on the same columns.
struct DecisionBenchmark {
  private var plugins: String
  private var nodes = [10, 1_000, 10_000]
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
        let name = balancer.split(separator: ".").last.map(String.init) ?? balancer
        try await measure(registry, Policy(balancer: .init(plugin: balancer)), "\(name)", count)
        try direct(registry, balancer, name, count)
      }
      if registry.info(datacenter.plugin) != nil {
        for balancer in balancers {
          let name = balancer.split(separator: ".").last.map(String.init) ?? balancer
          let policy = Policy(filters: [datacenter], balancer: .init(plugin: balancer))
          try await measure(registry, policy, "datacenter+\(name)", count)
        }
      }
    }
  }

  private func workers(_ count: Int) -> [NodeChange] {
    (0..<count).map { index in
      let profile = WorkerProfile(
        apps: [], slots: UInt32(max(64, 20_000 / count)), weight: Double(1 + index % 3),
        site: ["west", "east", "north"][index % 3])
      return .joined(WorkerRef(name: "worker-\(index)", incarnation: 1), profile, session: 1)
    }
  }

  // MARK: Through the engine

  private func measure(_ registry: PluginRegistry, _ policy: Policy, _ name: String, _ count: Int) async throws {
    let answers = AnswerBox()
    let engine = PlacementEngine(
      registry: registry, options: PlacementOptions(lanes: 1, defaultPolicy: policy, seed: 1),
      deliver: { answers.put($0) }, viewChanged: { _ in })
    try engine.start()
    engine.apply(workers(count))
    try await engine.setPolicy(
      PolicyRevision(app: "bench", revision: 1, policy: policy, createdAt: Timestamp(seconds: 0)))
    let feeder = Feeder(engine: engine, answers: answers, batch: batch)
    // Rows beyond the first seats show up when new instances have taken over.
    try await warmUp(feeder, count)
    let before = registry.statistics()
    let result = feeder.run(seconds: seconds)
    let spent = registry.statistics().reduce(0) { $0 + $1.nanoseconds } - before.reduce(0) { $0 + $1.nanoseconds }
    guard result.refused == 0 else {
      throw Failure(description: "\(name): \(result.refused) of \(result.placed) refused")
    }
    let perDecision = result.seconds * 1e9 / Double(result.placed)
    let inPlugins = Double(spent) / Double(result.placed)
    let labels = ["strategies": name, "nodes": "\(count)"]
    Figure.report("decisions", Double(result.placed) / result.seconds, "decisions/s", labels)
    Figure.report("decision_time", perDecision, "ns", labels)
    Figure.report("decision_host_share", perDecision - inPlugins, "ns", labels)
    await engine.stop()
  }

  private func warmUp(_ feeder: Feeder, _ count: Int) async throws {
    for _ in 0..<200 {
      if feeder.run(seconds: 0.01).refused == 0, feeder.seen >= min(count, 1_024) / 4 { break }
    }
    _ = feeder.run(seconds: 0.3)
  }

  // MARK: Directly

  /// Calls `pick` of an instance on the same columns, in the same batches, with nothing around it.
  private func direct(_ registry: PluginRegistry, _ balancer: String, _ name: String, _ count: Int) throws {
    let plugin = try registry.plugin(balancer, as: .balancer)
    let instance = try PluginInstance.make(
      plugin, for: .init(role: .place, seatLimit: 32_768), configuration: "{}", services: registry.services())
    defer { instance.retire() }
    let directory = NodeDirectory(interner: registry.interner, columns: registry.columns)
    let table = LaneTable(
      credits: directory.credits, seatLimit: 32_768, publishEvery: .zero, generationEvery: .zero)
    directory.apply(workers(count), at: 1, wantsEvents: false) { for update in $0 { table.apply(update) } }
    _ = table.publish(at: HostClock.now)
    let view = table.view(of: "bench")
    guard let pick = plugin.tables.balancer?.pick else { return }
    let calls = DirectCalls(view: view, batch: batch)
    if let prepare = plugin.tables.prepare?.prepare { _ = prepare(instance.pointer, calls.callWithoutJobs()) }
    let start = HostClock.now
    var decided = 0
    while HostClock.now - start < Int64(seconds * 0.5e9) {
      guard pick(instance.pointer, calls.call(), calls.rows(), calls.picked) == 0 else {
        throw Failure(description: "\(balancer) failed")
      }
      decided += batch
    }
    let perDecision = Double(HostClock.now - start) / Double(decided)
    Figure.report("pick_called_directly", perDecision, "ns", ["strategies": name, "nodes": "\(count)"])
  }
}

/// Where a lane leaves its answers.
final class AnswerBox: Sendable {
  private let inbox = Inbox<[PlacementResult]>()
  func put(_ results: [PlacementResult]) { inbox.put(results) }
  func take(into batches: inout [[PlacementResult]]) {
    inbox.sleep(until: HostClock.now + 100_000_000)
    inbox.take(into: &batches)
  }
}

/// Plays the server's driver: keeps some batches under way, gives slots back.
final class Feeder {
  private let engine: PlacementEngine
  private let answers: AnswerBox
  private let batch: Int
  private let requirements: Requirements
  private var next: UInt64 = 0
  private var workers: Set<String> = []

  init(engine: PlacementEngine, answers: AnswerBox, batch: Int) {
    self.engine = engine
    self.answers = answers
    self.batch = batch
    requirements = Requirements(JobSpec(name: "bench", processor: .noop(duration: .zero)))
  }

  var seen: Int { workers.count }

  private func requests() -> [PlacementRequest] {
    (0..<batch).map { _ in
      next += 1
      return PlacementRequest(
        instance: InstanceID(rawValue: next), job: JobID(rawValue: 1), app: "bench", attempt: 1,
        requirements: requirements, waitingSince: Timestamp(seconds: 1))
    }
  }

  func run(seconds: Double) -> (placed: Int, refused: Int, seconds: Double) {
    var placed = 0, refused = 0, underWay = 0
    var batches: [[PlacementResult]] = []
    let start = HostClock.now
    let end = start + Int64(seconds * 1e9)
    while HostClock.now < end || underWay > 0 {
      while HostClock.now < end, underWay < 16 * batch {
        engine.place(requests())
        underWay += batch
      }
      answers.take(into: &batches)
      for results in batches {
        var released: [NodeChange] = []
        released.reserveCapacity(results.count)
        for result in results {
          if case .worker(let ref) = result.answer {
            placed += 1
            released.append(.released(ref, slots: 1))
            if workers.count < 1_024 { workers.insert(ref.name) }
          } else {
            refused += 1
          }
        }
        underWay -= results.count
        engine.apply(released)
      }
      batches.removeAll(keepingCapacity: true)
    }
    return (placed, refused, Double(HostClock.now - start) / 1e9)
  }
}

/// The arguments of `pick`, without a host around them.
final class DirectCalls {
  let picked: UnsafeMutablePointer<UInt32>
  private let view: NodeView
  private let batch: Int
  private let jobs: UnsafeMutablePointer<sy_job>
  private let pointers: UnsafeMutablePointer<UnsafePointer<sy_job>?>
  private let verdicts: UnsafeMutablePointer<sy_status>
  private let retries: UnsafeMutablePointer<Int64>
  private let keep: AlignedColumn<UInt8>
  private let left: AlignedColumn<UInt32>
  private let callMemory: UnsafeMutablePointer<sy_call>
  private let rowsMemory: UnsafeMutablePointer<sy_rows>
  private let error = ErrorBuffer()
  private var random = SeededRandom(seed: 3)

  init(view: NodeView, batch: Int) {
    self.view = view
    self.batch = batch
    picked = .allocate(capacity: batch)
    jobs = .allocate(capacity: batch)
    pointers = .allocate(capacity: batch)
    verdicts = .allocate(capacity: batch)
    retries = .allocate(capacity: batch)
    callMemory = .allocate(capacity: 1)
    rowsMemory = .allocate(capacity: 1)
    keep = AlignedColumn(capacity: view.stride)
    left = AlignedColumn(capacity: view.stride)
    keep.pointer.update(repeating: 1, count: view.count)
    for index in 0..<batch {
      var job = sy_job()
      job.size = UInt32(MemoryLayout<sy_job>.size)
      job.slots = 1
      job.task_count = 1
      job.instance = UInt64(index)
      jobs[index] = job
      pointers[index] = UnsafePointer(jobs + index)
    }
  }

  deinit {
    for pointer in [picked] { pointer.deallocate() }
    jobs.deallocate()
    pointers.deallocate()
    verdicts.deallocate()
    retries.deallocate()
    callMemory.deallocate()
    rowsMemory.deallocate()
  }

  func callWithoutJobs() -> UnsafeMutablePointer<sy_call> {
    let call = call()
    call.pointee.job_count = 0
    return call
  }

  func call() -> UnsafeMutablePointer<sy_call> {
    for index in 0..<batch {
      picked[index] = .max
      verdicts[index] = 0
    }
    callMemory.pointee = sy_call(
      size: UInt32(MemoryLayout<sy_call>.size), lane: 0, now_ns: HostClock.now, wall_ns: 0, budget_ns: 1_000_000,
      random: random.next(), nodes: view.nodes, sites: nil, jobs: UnsafePointer(pointers), job_count: batch,
      verdict: verdicts, retry_ns: retries, error: error.pointer)
    return callMemory
  }

  func rows() -> UnsafePointer<sy_rows> {
    left.pointer.update(from: view.avail, count: view.stride)
    rowsMemory.pointee = sy_rows(
      size: UInt32(MemoryLayout<sy_rows>.size), count: UInt32(view.count), row: nil,
      keep: UnsafePointer(keep.pointer), left: left.pointer, score: nil, stride: view.stride)
    return UnsafePointer(rowsMemory)
  }
}
