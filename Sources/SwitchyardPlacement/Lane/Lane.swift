import CSwitchyard
import SwitchyardCore
import SwitchyardModel
import SwitchyardPlugins
import Synchronization

/// One thread that places jobs. It owns its view of the nodes and its instances of every strategy, so that neither
/// they nor it need a lock; everything comes in by its inbox.
final class Lane: Sendable {
  let number: UInt32
  private let inbox = Inbox<LaneMessage>()
  private let wakes = Atomic<UInt64>(0)
  /// Requests that are not answered.
  private let underWay = Atomic<Int>(0)
  private let queueLimit: Int
  let published = LaneStatistics()

  init(number: UInt32, queueLimit: Int) {
    self.number = number
    self.queueLimit = queueLimit
  }

  func put(_ message: LaneMessage) { inbox.put(message) }

  /// Takes requests of one app while there is room.
  ///
  /// - Returns: false when too many wait already: they are the caller's again.
  func place(_ requests: [PlacementRequest]) -> Bool {
    guard underWay.load(ordering: .relaxed) <= queueLimit else { return false }
    underWay.add(requests.count, ordering: .relaxed)
    inbox.put(.place(requests))
    return true
  }

  /// For plugins: some strategy of this lane answers otherwise now.
  func wake() {
    wakes.add(1, ordering: .releasing)
    inbox.poke()
  }

  /// - Returns: false when the system has no thread to give.
  func start(
    _ registry: PluginRegistry, _ options: PlacementOptions, _ credits: Credits, _ outputs: LaneOutputs
  ) -> Bool {
    let seatLimit = PlacementEngine.firstSeatLimit
    return DedicatedThread.start("lane-\(number)", lane: Int32(clamping: number)) {
      let loop = LaneLoop(self, registry, options, credits, seatLimit, outputs)
      loop.run()
    }
  }

  fileprivate var wakeCount: UInt64 { wakes.load(ordering: .acquiring) }
  fileprivate func answered(_ count: Int) { underWay.subtract(count, ordering: .relaxed) }
  fileprivate func take(into messages: inout [LaneMessage]) { inbox.take(into: &messages) }
  fileprivate func sleep(until deadline: Monotonic) { inbox.sleep(until: deadline) }
  fileprivate var hasMail: Bool { !inbox.isEmpty }
}

/// Written by a lane after each batch, read by anyone.
final class LaneStatistics: Sendable {
  private let value = Mutex(PlacementStatistics())
  func set(_ statistics: PlacementStatistics) { value.withLock { $0 = statistics } }
  var current: PlacementStatistics { value.withLock { $0 } }
}

/// What runs on the lane's thread.
private final class LaneLoop {
  private let lane: Lane
  private let table: LaneTable
  private let decider: Decider
  private let requirements: RequirementCache
  private let interner: Interner
  private let outputs: LaneOutputs
  private var apps: [String: AppLane] = [:]
  /// Apps that have something to decide, in turn.
  private var ready: [AppLane] = []
  /// Grows whenever anybody who was refused might be taken now.
  private var version: UInt64 = 0
  private var wakesSeen: UInt64 = 0
  private var isStopping: (@Sendable () -> Void)?
  private var observers: [AppLane] = []
  private var eventsLost: UInt64 = 0
  /// When ``runTimers(at:)`` has something to do.
  private var nextTimer = Monotonic.max

  private static let appLimit = 4_096

  init(
    _ lane: Lane, _ registry: PluginRegistry, _ options: PlacementOptions, _ credits: Credits, _ seatLimit: UInt32,
    _ outputs: LaneOutputs
  ) {
    self.lane = lane
    self.outputs = outputs
    interner = registry.interner
    table = LaneTable(
      credits: credits, seatLimit: seatLimit, publishEvery: options.publishEvery,
      generationEvery: options.generationEvery, hereSite: interner.number(options.site ?? ""),
      hereRack: interner.number(options.rack ?? ""))
    let wish = outputs.wish
    requirements = RequirementCache(interner: interner, columns: registry.columns) { wish($0) }
    let caller = PluginCaller(
      lane: lane.number, budget: options.budget, seed: mix64(options.seed &+ UInt64(lane.number)))
    decider = Decider(caller: caller, table: table, requirements: requirements)
  }

  func run() {
    var messages: [LaneMessage] = []
    while true {
      lane.take(into: &messages)
      for message in messages { handle(message) }
      messages.removeAll(keepingCapacity: true)
      if let done = isStopping {
        outputs.retired(apps.values.compactMap(\.pipeline))
        done()
        return
      }
      let now = HostClock.now
      publish(at: now)
      lowerWakes()
      deliverEvents()
      decideOne()
      if now >= nextTimer { runTimers(at: now) }
      if ready.isEmpty, !lane.hasMail { lane.sleep(until: deadline) }
    }
  }

  // MARK: Messages

  private func handle(_ message: LaneMessage) {
    switch message {
    case .place(let requests): enqueue(requests)
    case .nodes(let updates): for update in updates { handle(update) }
    case .install(let pipeline): install(pipeline)
    case .unavailable(let name, let reason):
      guard let app = app(name) else { return }
      app.isAwaited = false
      guard app.pipeline == nil else { return }
      app.failure = (reason, HostClock.now + Span.seconds(5).nanoseconds)
      makeReady(app)
    case .remove(let name, let reason):
      guard let app = app(name) else { return }
      if let old = app.pipeline { outputs.retired([old]) }
      app.pipeline = nil
      app.failure = (reason, HostClock.now + Span.seconds(5).nanoseconds)
      makeReady(app)
    case .seatLimit(let limit): table.seatLimit = limit
    case .freeze(let name, let reply):
      // Fresh, also if it is not time to publish yet: what is built from it goes live in a moment.
      reply(FrozenView(app(name)?.view ?? table.view(of: name)))
    case .explain(let request, let limit, let reply): reply(explain(request, limit))
    case .stop(let done): isStopping = done
    }
  }

  /// - Parameter requests: of one app.
  private func enqueue(_ requests: [PlacementRequest]) {
    guard let first = requests.first else { return }
    guard let app = app(first.app) else {
      return deliver(
        requests.map {
          PlacementResult(
            instance: $0.instance, attempt: $0.attempt,
            answer: .nobody(reason: "more than \(Self.appLimit) apps in one lane"))
        })
    }
    app.append(requests)
    makeReady(app)
  }

  private func explain(_ request: PlacementRequest, _ limit: Int) -> PlacementExplanation {
    guard let app = app(request.app) else {
      return PlacementExplanation(note: "more than \(Self.appLimit) apps in one lane")
    }
    guard let pipeline = app.pipeline else {
      return PlacementExplanation(
        note: app.failure?.reason ?? "nothing was placed for the app yet: its policy comes to life with its first job")
    }
    return decider.explain(request, app, pipeline, limit: limit)
  }

  private func app(_ name: String) -> AppLane? {
    if let known = apps[name] { return known }
    guard apps.count < Self.appLimit else { return nil }
    let fresh = AppLane(name: name, number: interner.number(name, from: .app(name)), view: table.view(of: name))
    apps[name] = fresh
    return fresh
  }

  private func makeReady(_ app: AppLane) {
    guard app.hasWaiting, !app.isReady else { return }
    if app.pipeline == nil, app.failure == nil {
      if !app.isAwaited {
        app.isAwaited = true
        outputs.needPipeline(app.name)
      }
      return
    }
    app.isReady = true
    ready.append(app)
  }

  private func handle(_ update: NodeUpdate) {
    if !observers.isEmpty { observe(update) }
    switch update {
    case .event: return
    case .columns: requirements.clear()
    // More may be free: those who found nobody are worth another look.
    case .credit, .row: version &+= 1
    case .left, .load, .sites: break
    }
    table.apply(update)
  }

  /// The swap: one store between two decisions.
  private func install(_ pipeline: Pipeline) {
    guard let app = app(pipeline.app) else {
      outputs.retired([pipeline])
      return
    }
    if let old = app.pipeline { outputs.retired([old]) }
    app.pipeline = pipeline
    app.failure = nil
    app.isAwaited = false
    app.version &+= 1
    observers = apps.values.filter { $0.pipeline?.stages.contains { $0.events != nil } ?? false }
    setTimer(app)
    makeReady(app)
    feed(app)
  }

  // MARK: Between decisions

  private func publish(at now: Monotonic) {
    let published = table.publish(at: now)
    if published.rows {
      for app in apps.values { app.view = table.view(of: app.name) }
    }
    if !published.isEmpty {
      version &+= 1
      for app in apps.values { feed(app) }
    }
  }

  /// Tells the server that asking again is worth it for an app in which somebody found nobody.
  private func feed(_ app: AppLane) {
    guard app.isHungry else { return }
    app.isHungry = false
    outputs.viewChanged(app.name)
  }

  private func lowerWakes() {
    let count = lane.wakeCount
    guard count != wakesSeen else { return }
    wakesSeen = count
    for app in apps.values where app.pipeline?.wake.lower() ?? false {
      app.version &+= 1
      feed(app)
    }
  }

  /// Filters that failed are asked again; strategies that want it are prepared.
  private func runTimers(at now: Monotonic) {
    nextTimer = .max
    for app in apps.values {
      if app.retryAt <= now {
        app.retryAt = .max
        app.version &+= 1
        feed(app)
      }
      if let pipeline = app.pipeline, nextPrepare(of: pipeline) <= now {
        app.view.follow(table)
        decider.caller.begin()
        for stage in pipeline.stages where stage.nextPrepare <= now { decider.caller.prepare(stage, view: app.view) }
      }
      setTimer(app)
    }
  }

  private func setTimer(_ app: AppLane) {
    nextTimer = min(nextTimer, app.retryAt, app.pipeline.map { nextPrepare(of: $0) } ?? .max)
  }

  private func nextPrepare(of pipeline: Pipeline) -> Monotonic {
    var next = pipeline.balancer.nextPrepare
    for stage in pipeline.filters { next = min(next, stage.nextPrepare) }
    for stage in pipeline.scorers { next = min(next, stage.nextPrepare) }
    return next
  }

  private var deadline: Monotonic { min(table.deadline, nextTimer) }

  // MARK: Decisions

  /// One batch of the app whose turn it is; then the inbox has its turn.
  private func decideOne() {
    guard !ready.isEmpty else { return }
    let app = ready.removeFirst()
    app.isReady = false
    if let pipeline = app.pipeline {
      decider.decide(app, pipeline, version: version &+ app.version)
    } else if let failure = app.failure {
      refuseAll(app, failure.reason)
      if HostClock.now >= failure.until { app.failure = nil }
    }
    makeReady(app)
    setTimer(app)
    let results = decider.takeResults()
    // Who has an answer finds it counted.
    var statistics = decider.statistics
    statistics.eventsLost = eventsLost
    lane.published.set(statistics)
    if !results.isEmpty { deliver(results) }
  }

  private func refuseAll(_ app: AppLane, _ reason: String) {
    var results: [PlacementResult] = []
    while let request = app.popFirst() {
      results.append(
        PlacementResult(instance: request.instance, attempt: request.attempt, answer: .nobody(reason: reason)))
    }
    app.isHungry = true
    deliver(results)
  }

  private func deliver(_ results: [PlacementResult]) {
    lane.answered(results.count)
    outputs.deliver(results)
  }

  // MARK: Observers

  private func observe(_ update: NodeUpdate) {
    guard let event = event(of: update) else { return }
    for app in observers {
      guard let pipeline = app.pipeline else { continue }
      for stage in pipeline.stages { stage.events?.put(event) }
    }
  }

  private func event(of update: NodeUpdate) -> sy_event? {
    switch update {
    case .event(let event, let seat, let id, let type):
      return NodeEvents.attempt(event, seat: seat, id: id, type: type, isOwn: requirements.knows(event.job))
    case .row(let row):
      let old = table.rows.indices.contains(Int(row.seat)) ? table.rows[Int(row.seat)] : nil
      return NodeEvents.change(from: old, to: row)
    case .left(let seat):
      guard table.rows.indices.contains(Int(seat)), let row = table.rows[Int(seat)] else { return nil }
      return NodeEvents.node(row, SY_EV_LEFT)
    case .load, .credit, .columns, .sites: return nil
    }
  }

  private func deliverEvents() {
    for app in observers {
      guard let pipeline = app.pipeline else { continue }
      for stage in pipeline.stages {
        guard let events = stage.events, let function = stage.tables.observer?.events, !events.isEmpty else { continue }
        let caller = decider.caller
        app.view.follow(table)
        caller.begin()
        let lostBefore = events.lost
        events.drain(at: caller.now) { pointer, count in
          caller.prepareCall(stage, view: app.view, jobs: 0)
          caller.run(stage, "events") { function(stage.instance.pointer, caller.buffers.call, pointer, count) }
        }
        eventsLost += events.lost - lostBefore
      }
    }
  }
}
