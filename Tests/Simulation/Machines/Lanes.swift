import SwitchyardCore
import SwitchyardModel

/// A simple, deterministic placer that stands for the lanes: it keeps the credits of each worker exactly as
/// the core tells it, and picks any worker that fits.
struct Lanes {
  struct Row {
    let ref: WorkerRef
    var profile: WorkerProfile
    var used: Int64 = 0
    var isSuspended = false
    var isDraining = false

    var free: Int64 { Int64(profile.slots) - used }
  }

  /// By name and incarnation.
  private(set) var rows: [Row] = []
  /// Somebody found nobody since the last change.
  private(set) var anyoneWaits = false
  private var viewChangePlanned = false
  var batches: [Batch] = []

  struct Batch {
    let run: Int
    let requests: [PlacementRequest]
    var results: [PlacementResult] = []
  }

  /// The server's process has died, and its lanes with it.
  mutating func reset() {
    rows = []
    anyoneWaits = false
    viewChangePlanned = false
  }

  var used: Int64 { rows.reduce(0) { $0 + $1.used } }

  private func index(of ref: WorkerRef) -> Int? { rows.firstIndex { $0.ref == ref } }

  mutating func apply(_ change: NodeChange, world: World) {
    world.trace.say(world.now, "    · lanes: \(describe(change))")
    switch change {
    case .joined(let ref, let profile, _):
      if let index = index(of: ref) {
        rows[index].profile = profile
        rows[index].isSuspended = false
        rows[index].isDraining = false
      } else {
        rows.append(Row(ref: ref, profile: profile))
        rows.sort { ($0.ref.name, $0.ref.incarnation) < ($1.ref.name, $1.ref.incarnation) }
      }
    case .metrics, .event: return
    case .draining(let ref): if let index = index(of: ref) { rows[index].isDraining = true }
    case .suspended(let ref): if let index = index(of: ref) { rows[index].isSuspended = true }
    case .resumed(let ref): if let index = index(of: ref) { rows[index].isSuspended = false }
    case .left(let ref): rows.removeAll { $0.ref == ref }
    case .taken(let ref, let slots): if let index = index(of: ref) { rows[index].used += Int64(slots) }
    case .released(let ref, let slots):
      guard let index = index(of: ref) else { return }
      rows[index].used -= Int64(slots)
      if rows[index].used < 0 { world.checker.creditsBelowZero(ref, rows[index].used, world.now) }
    }
    if anyoneWaits, !viewChangePlanned {
      viewChangePlanned = true
      let delay = world.dice.lanes.between(millisecond, 100 * millisecond)
      world.queue.plan(.viewChanges(run: world.server.run), at: world.now + delay)
    }
  }

  mutating func viewChanged() {
    viewChangePlanned = false
    anyoneWaits = false
  }

  mutating func decide(_ batch: Int, random: inout SeededRandom) {
    for request in batches[batch].requests {
      let answer = decide(request, random: &random)
      if case .nobody = answer { anyoneWaits = true }
      batches[batch].results.append(
        PlacementResult(instance: request.instance, attempt: request.attempt, answer: answer))
    }
  }

  private mutating func decide(_ request: PlacementRequest, random: inout SeededRandom) -> PlacementAnswer {
    let needs = request.requirements
    let fitting = rows.indices.filter { index in
      let row = rows[index]
      return !row.isSuspended && !row.isDraining && row.free >= Int64(needs.slots)
        && row.profile.apps.contains(request.app) && row.profile.processors.contains(needs.processor)
        && needs.tags.allSatisfy(row.profile.tags.contains)
    }
    if random.chance(5) { return .later(.milliseconds(random.between(1...500).asInt64)) }
    // The worker alone knows what it has room for, and must not be talked into more.
    if random.chance(2), let index = random.pick(Array(rows.indices)) { return pick(index, needs.slots) }
    if random.chance(1) { return .never(reason: "a strategy says so") }
    guard let index = random.pick(fitting) else { return .nobody(reason: "no worker has room") }
    return pick(index, needs.slots)
  }

  private mutating func pick(_ index: Int, _ slots: UInt32) -> PlacementAnswer {
    rows[index].used += Int64(slots)
    return .worker(rows[index].ref)
  }
}

extension World {
  func place(_ requests: [PlacementRequest]) {
    lanes.batches.append(Lanes.Batch(run: server.run, requests: requests))
    queue.plan(.laneDecides(lanes.batches.count - 1), at: now + dice.lanes.skewed(5 * microsecond, 2 * millisecond))
  }

  func laneDecides(_ batch: Int) {
    guard lanes.batches[batch].run == server.run, server.isUp else { return }
    lanes.decide(batch, random: &dice.lanes)
    queue.plan(.laneAnswers(batch), at: now + dice.lanes.skewed(5 * microsecond, 5 * millisecond))
  }

  func laneAnswers(_ batch: Int) {
    guard lanes.batches[batch].run == server.run else { return }
    let results = lanes.batches[batch].results
    lanes.batches[batch] = Lanes.Batch(run: 0, requests: [])
    for result in results { trace.mix(result.instance.rawValue ^ UInt64(result.attempt)) }
    tellServer(.placed(results))
  }

  func viewChanges(run: Int) {
    guard run == server.run else { return }
    lanes.viewChanged()
    tellServer(.viewChanged(app: nil))
  }
}

extension Int {
  var asInt64: Int64 { Int64(self) }
}
