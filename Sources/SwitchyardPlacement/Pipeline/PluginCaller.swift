import CPluginHost
import CSwitchyard
import SwitchyardModel
import SwitchyardPlugins

/// Calls strategies from a lane: fills in what every call is told, marks the thread for crash reports, measures.
/// Belongs to one lane.
final class PluginCaller {
  let buffers = DecisionBuffers()
  private let lane: UInt32
  private let budget: Int64
  /// The clock when the decision began: all calls of one decision see the same.
  private(set) var now: Monotonic = 0
  private(set) var wall: Int64 = 0
  /// Of decisions; how often strategies are prepared or told of events does not move it.
  private var dice: SeededRandom
  private var otherDice: SeededRandom
  /// Of the decision under way.
  private var seed: UInt64 = 0
  private var callNumber: UInt64 = 0
  /// The clock after the last call.
  private(set) var clock: Monotonic = 0

  init(lane: UInt32, budget: Span, seed: UInt64) {
    self.lane = lane
    self.budget = budget.nanoseconds
    dice = SeededRandom(seed: seed)
    otherDice = SeededRandom(seed: ~seed)
  }

  /// Begins a decision, or another piece of work whose calls share clock and dice.
  func begin(decision: Bool = false) {
    now = HostClock.now
    wall = HostClock.wall
    clock = now
    if decision { seed = dice.next() }
    callNumber = 0
  }

  /// Sets up `buffers.call`. The plugin may have written anywhere in it before.
  ///
  /// - Parameter jobs: how many of `jobPointers` count.
  @inline(__always)
  func prepareCall(_ stage: Stage, view: NodeView, jobs: Int) {
    prepareCall(stage, nodes: view.nodes, sites: view.sites.map { UnsafePointer($0.sites) }, jobs: jobs)
  }

  @inline(__always)
  private func prepareCall(
    _ stage: Stage, nodes: UnsafePointer<sy_nodes>, sites: UnsafePointer<sy_sites>?, jobs: Int
  ) {
    // Rule 3: by the decision, the place in the pipeline and the call, so that no two share their luck. What is no part
    // of a decision does not move its dice.
    let random: UInt64
    if jobs > 0 {
      random = mix64(seed &+ mix64(UInt64(stage.position) << 32 &+ callNumber &+ 0x9E37_79B9_7F4A_7C15))
      callNumber &+= 1
    } else {
      random = otherDice.next()
    }
    buffers.error.clear()
    for job in 0..<jobs {
      buffers.verdicts[job] = 0
      buffers.retries[job] = 0
    }
    buffers.call.pointee = sy_call(
      size: UInt32(MemoryLayout<sy_call>.size), lane: lane, now_ns: now, wall_ns: wall, budget_ns: budget,
      random: random, nodes: nodes, sites: sites,
      jobs: UnsafePointer(buffers.jobPointers), job_count: jobs, verdict: buffers.verdicts,
      retry_ns: buffers.retries, error: buffers.error.pointer)
  }

  /// Makes the call and counts it.
  @inline(__always)
  func run<Value>(_ stage: Stage, _ function: StaticString, hot: Bool = true, _ body: () -> Value) -> Value {
    let start = HostClock.now
    ph_enter(stage.instance.plugin.crashName, function.text)
    let value = body()
    ph_leave()
    clock = HostClock.now
    stage.counters.called(time: clock - start, budget: hot ? budget : .max)
    return value
  }

  /// Why the last call failed, as people read it.
  func failure(_ status: sy_status) -> String {
    buffers.error.isEmpty ? statusText(status) : buffers.error.message
  }

  /// Lets a strategy build what it derives from the view, where it wants to.
  func prepare(_ stage: Stage, view: NodeView) {
    guard let prepare = stage.tables.prepare?.prepare else { return }
    prepareCall(stage, view: view, jobs: 0)
    let status = run(stage, "prepare", hot: false) { prepare(stage.instance.pointer, buffers.call) }
    if status != 0 { stage.counters.failed("prepare: \(failure(status))") }
    stage.prepared = view.generation
    stage.nextPrepare = stage.preparePeriod.map { now + $0 } ?? .max
  }

  /// The same with a frozen view, on the control thread of the plugin before the instance goes live.
  func prepare(_ stage: Stage, frozen: FrozenView) {
    guard let prepare = stage.tables.prepare?.prepare else { return }
    begin()
    prepareCall(
      stage, nodes: UnsafePointer(frozen.columns.nodes), sites: frozen.sites.map { UnsafePointer($0.sites) }, jobs: 0)
    let status = PluginInstance.guarded(stage.instance.plugin, "prepare") {
      prepare(stage.instance.pointer, buffers.call)
    }
    if status != 0 { stage.counters.failed("prepare: \(failure(status))") }
    stage.prepared = frozen.columns.nodes.pointee.generation
    stage.nextPrepare = stage.preparePeriod.map { now + $0 } ?? .max
  }
}

/// A view as it was at one moment.
struct FrozenView: Sendable {
  let columns: NodeColumns
  let sites: SiteColumns?

  init(_ view: NodeView) {
    columns = view.columns.frozen()
    sites = view.sites?.frozen()
  }
}
