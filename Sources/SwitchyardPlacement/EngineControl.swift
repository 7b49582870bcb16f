import SwitchyardModel
import SwitchyardPlugins
import Synchronization

/// Everything of the engine that may take its time: bringing policies to life, making room for more nodes, judging
/// sites. One thread, one thing at a time; lanes never wait for it.
final class EngineControl: Sendable {
  private let registry: PluginRegistry
  private let options: PlacementOptions
  private let lanes: [Lane]
  private let directory: NodeDirectory
  private let factory: PipelineFactory
  private let inbox = Inbox<@Sendable () -> Void>()
  private let state = Mutex(State())
  private let seatLimit = Atomic<UInt32>(PlacementEngine.firstSeatLimit)
  private let isGrowing = Atomic<Bool>(false)
  /// Until when the thread sleeps, at most.
  private let deadline = Atomic<Int64>(.max)
  private let observing = Atomic<Bool>(false)

  private struct State {
    var isRunning = false
    /// By app; revision 0 is the default policy.
    var live: [String: Live] = [:]
    /// What is stored for an app for which nothing is live: the default policy must not stand in for it.
    var wanted: [String: PolicyRevision] = [:]
    var errors: [String: String] = [:]
    var onStop: (@Sendable () -> Void)?
  }

  private struct Live {
    var revision: UInt64
    var policy: Policy
    var observes: Bool
  }

  init(registry: PluginRegistry, options: PlacementOptions, lanes: [Lane], directory: NodeDirectory) {
    self.registry = registry
    self.options = options
    self.lanes = lanes
    self.directory = directory
    factory = PipelineFactory(registry: registry, lanes: UInt32(lanes.count))
  }

  // MARK: The thread

  func start() -> Bool {
    let isRunning = DedicatedThread.start("placement") { self.run() }
    state.withLock { $0.isRunning = isRunning }
    return isRunning
  }

  private func run() {
    var work: [@Sendable () -> Void] = []
    while true {
      inbox.sleep(until: deadline.load(ordering: .acquiring))
      inbox.take(into: &work)
      for item in work { item() }
      work.removeAll()
      // A change in between lowers it again, and pokes.
      deadline.store(.max, ordering: .releasing)
      let judgeAt = directory.judgeSites(at: HostClock.now) { updates in
        for lane in lanes { lane.put(.nodes(updates)) }
      }
      deadline.min(judgeAt, ordering: .acquiringAndReleasing)
      if let done = state.withLock({ $0.onStop }), inbox.isEmpty {
        done()
        return
      }
    }
  }

  func stop(_ done: @escaping @Sendable () -> Void) {
    let wasRunning = state.withLock { state in
      defer { state.isRunning = false }
      state.onStop = done
      return state.isRunning
    }
    if wasRunning { inbox.poke() } else { done() }
  }

  /// - Returns: false when it has stopped: the body will not run.
  @discardableResult
  func enqueue(_ body: @escaping @Sendable () -> Void) -> Bool {
    state.withLock { state in
      guard state.isRunning else { return false }
      inbox.put(body)
      return true
    }
  }

  // MARK: Policies

  func setPolicy(_ revision: PolicyRevision) throws(PlacementError) {
    let current = state.withLock { $0.live[revision.app]?.revision ?? 0 }
    guard revision.revision > current else {
      if revision.revision == current { return }
      throw PlacementError(.stale, "revision \(current) of the policy of \(revision.app) is live already")
    }
    do throws(PlacementError) {
      try install(revision.policy, app: revision.app, revision: revision.revision)
      state.withLock { state in
        state.errors[revision.app] = nil
        state.wanted[revision.app] = nil
      }
    } catch {
      state.withLock { state in
        state.errors[revision.app] = "revision \(revision.revision) is not live: \(error)"
        if state.live[revision.app] == nil { state.wanted[revision.app] = revision }
      }
      throw error
    }
  }

  /// A lane has requests of an app for which nothing is live.
  func bring(_ app: String) {
    let (isLive, wanted) = state.withLock { ($0.live[app] != nil, $0.wanted[app]) }
    guard !isLive else { return }
    do throws(PlacementError) {
      if let wanted { return try setPolicy(wanted) }
      try install(options.defaultPolicy, app: app, revision: 0)
      state.withLock { $0.errors[app] = nil }
    } catch {
      let reason =
        wanted.map { "no policy: revision \($0.revision) is not live: \(error)" }
        ?? "no policy: the default one cannot be used: \(error)"
      state.withLock { $0.errors[app] = reason }
      lane(of: app).put(.unavailable(app: app, reason: reason))
    }
  }

  func check(_ policy: Policy) throws(PlacementError) {
    let trial = try factory.make(
      policy, app: "", revision: 0, lane: 0, seatLimit: PlacementEngine.firstSeatLimit, wake: WakeFlag(poke: {}))
    trial.retire()
    directory.refreshColumns { updates in
      for lane in lanes { lane.put(.nodes(updates)) }
    }
  }

  /// Instances first, columns for what they subscribed to, then time to prepare, and only then the lane.
  private func install(_ policy: Policy, app: String, revision: UInt64) throws(PlacementError) {
    let lane = lane(of: app)
    let wake = WakeFlag { lane.wake() }
    let pipeline = try factory.make(
      policy, app: app, revision: revision, lane: lane.number, seatLimit: seatLimit.load(ordering: .relaxed),
      wake: wake)
    refreshColumns()
    prepare(pipeline, lane)
    let observes = pipeline.stages.contains { $0.events != nil }
    state.withLock { state in
      state.live[app] = Live(revision: revision, policy: policy, observes: observes)
      observing.store(state.live.values.contains { $0.observes }, ordering: .relaxed)
    }
    lane.put(.install(pipeline))
  }

  /// On the control thread of each plugin, with a copy of the view. What the lane finds changed when it takes over, it
  /// prepares again.
  private func prepare(_ pipeline: Pipeline, _ lane: Lane) {
    let stages = pipeline.stages.filter { $0.tables.prepare != nil }
    guard !stages.isEmpty, let view = frozenView(of: pipeline.app, lane) else { return }
    let job = PrepareJob(view: view, lane: lane.number, budget: options.budget, seed: options.seed)
    for stage in stages {
      let handed = Handed(stage: stage)
      let timeout = registry.options.controlTimeout.nanoseconds
      if stage.instance.plugin.control.run(timeout: timeout, { job.prepare(handed.stage) }) == nil {
        stage.counters.failed("prepare: did not come back in time")
      }
    }
  }

  private func frozenView(of app: String, _ lane: Lane) -> FrozenView? {
    let ready = Semaphore()
    let box = FrozenBox()
    lane.put(
      .freeze(app: app) { view in
        box.set(view)
        ready.post()
      })
    guard ready.wait(until: HostClock.now + Span.seconds(5).nanoseconds) else { return nil }
    return box.get()
  }

  func retire(_ pipelines: [Pipeline]) {
    for pipeline in pipelines { pipeline.retire() }
  }

  func status() -> [PolicyStatus] {
    state.withLock { state in
      let apps = Set(state.live.keys).union(state.errors.keys)
      return apps.sorted().map { app in
        let live = state.live[app]
        return PolicyStatus(
          app: app, revision: live?.revision ?? 0, policy: live?.policy ?? options.defaultPolicy,
          error: state.errors[app])
      }
    }
  }

  private func lane(of app: String) -> Lane { lanes[PlacementEngine.lane(of: app, of: lanes.count)] }

  // MARK: Nodes

  var hasObservers: Bool { observing.load(ordering: .relaxed) }

  func nodesChanged(seats: UInt32, judgeAt: Monotonic) {
    if judgeAt < deadline.load(ordering: .acquiring) {
      deadline.min(judgeAt, ordering: .acquiringAndReleasing)
      inbox.poke()
    }
    guard seats > seatLimit.load(ordering: .relaxed),
      !isGrowing.exchange(true, ordering: .acquiringAndReleasing)
    else { return }
    enqueue { self.grow() }
  }

  /// More nodes than the instances made room for: new ones with room for twice as many take over (rule 4). Rows beyond
  /// the old limit are shown when all have.
  private func grow() {
    isGrowing.store(false, ordering: .releasing)
    let seats = directory.seatCount
    var limit = seatLimit.load(ordering: .relaxed)
    guard seats > limit else { return }
    while limit < seats { limit *= 2 }
    limit = min(limit * 2, Credits.seatLimit)
    seatLimit.store(limit, ordering: .relaxed)
    for (app, live) in state.withLock({ $0.live }) {
      do throws(PlacementError) {
        try install(live.policy, app: app, revision: live.revision)
      } catch {
        // It cannot be shown more rows than it has room for, so it must go.
        let lost = PolicyRevision(
          app: app, revision: live.revision, policy: live.policy, createdAt: .distantPast)
        state.withLock { state in
          state.live[app] = nil
          if live.revision > 0 { state.wanted[app] = lost }
          state.errors[app] = "no room for \(seats) workers: \(error)"
        }
        lane(of: app).put(.remove(app: app, reason: "no room for \(seats) workers: \(error)"))
      }
    }
    for lane in lanes { lane.put(.seatLimit(limit)) }
  }

  func subscribe(_ wishes: [ColumnWish]) {
    for wish in wishes { _ = registry.columns.subscribe(wish.kind, wish.name) }
    refreshColumns()
  }

  private func refreshColumns() {
    directory.refreshColumns { updates in
      for lane in lanes { lane.put(.nodes(updates)) }
    }
  }
}

/// A stage on its way to the plugin's control thread; until it is installed nobody else touches it.
private struct Handed: @unchecked Sendable {
  let stage: Stage
}

private struct PrepareJob: Sendable {
  let view: FrozenView
  let lane: UInt32
  let budget: Span
  let seed: UInt64

  func prepare(_ stage: Stage) {
    PluginCaller(lane: lane, budget: budget, seed: seed).prepare(stage, frozen: view)
  }
}

private final class FrozenBox: Sendable {
  private let view = Mutex<FrozenView?>(nil)
  func set(_ new: FrozenView) { view.withLock { $0 = new } }
  func get() -> FrozenView? { view.withLock { $0 } }
}
