import SwitchyardModel
import SwitchyardPlugins

/// What a lane keeps of one app. Belongs to the lane's thread.
final class AppLane {
  let name: String
  /// Interned.
  let number: UInt32
  var view: NodeView
  /// Nil until the first policy is live.
  var pipeline: Pipeline?
  /// Why there is no pipeline, and when to ask for one again.
  var failure: (reason: String, until: Monotonic)?
  /// A pipeline was asked for and has not come.
  var isAwaited = false
  /// It stands among those that have something to decide.
  var isReady = false
  /// As they came; the next is `head` of the first.
  private var waiting: [[PlacementRequest]] = []
  private var first = 0
  private var head = 0
  /// Somebody was answered "nobody" since the server was last told to ask again.
  var isHungry = false
  /// Grows whenever a strategy may answer otherwise than before: swap, wake.
  var version: UInt64 = 0
  /// A filter failed: ask again then.
  var retryAt: Monotonic = .max
  private var masks: [CompiledRequirements.MaskKey: StaticMask] = [:]
  private var masksGeneration: UInt64 = 0
  private var census: (generation: UInt64, value: LaneTable.Census)?

  init(name: String, number: UInt32, view: NodeView) {
    self.name = name
    self.number = number
    self.view = view
  }

  var hasWaiting: Bool { first < waiting.count }

  func append(_ requests: [PlacementRequest]) {
    if !requests.isEmpty { waiting.append(requests) }
  }

  func popFirst() -> PlacementRequest? {
    guard first < waiting.count else { return nil }
    let request = waiting[first][head]
    head += 1
    if head == waiting[first].count { dropFirst() }
    return request
  }

  private func dropFirst() {
    waiting[first] = []
    (first, head) = (first + 1, 0)
    guard first == waiting.count || first > 64 else { return }
    waiting.removeFirst(first)
    first = 0
  }

  /// The rows that a job may run on by what is fixed of them.
  func mask(for compiled: CompiledRequirements) -> StaticMask {
    if let mask = compiled.mask, mask.generation == view.generation { return mask }
    if masksGeneration != view.generation || masks.count > 256 {
      masks.removeAll(keepingCapacity: true)
      masksGeneration = view.generation
    }
    let mask = masks[compiled.key] ?? StaticMask(compiled.key, view)
    masks[compiled.key] = mask
    compiled.mask = mask
    return mask
  }

  /// Recounted when rows change.
  func census(_ table: LaneTable) -> LaneTable.Census {
    if let census, census.generation == view.generation { return census.value }
    let value = table.census(of: name)
    census = (view.generation, value)
    return value
  }
}
