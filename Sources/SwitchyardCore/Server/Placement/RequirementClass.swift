import SwitchyardModel

/// An instance that waits to be placed. Lower rank first.
struct PlacementItem: Comparable, Sendable {
  var rank: Int64
  var instance: InstanceID
  /// Tells it from an earlier stay of the same instance.
  var stamp: UInt32

  static func < (a: PlacementItem, b: PlacementItem) -> Bool {
    a.rank != b.rank ? a.rank < b.rank : (a.instance, a.stamp) < (b.instance, b.stamp)
  }
}

/// Waiting instances of one app that ask for the same: one "nobody now" speaks for all of them.
///
/// ```
/// open ── nobody ──► blocked ── view changed, slots released, a while passed ──► open
/// ```
///
/// An open class asks with a window that begins small after a block and doubles while everybody asked gets
/// a worker, so that a hundred thousand that wait are not asked for at every change.
struct RequirementClass: Sendable {
  let requirements: Requirements
  private var items = BinaryHeap<PlacementItem>()
  /// Those that are not stored yet. Somebody waits for their answer, so that they never wait behind a block.
  private var fresh = BinaryHeap<PlacementItem>()
  /// Items that are not withdrawn.
  var live = 0
  private(set) var isBlocked = false
  /// What the last one that found nobody was told, for people.
  var reason: String?
  private var window: Int
  /// While blocked: the count of releases from which on it may ask again.
  private(set) var wakeAt: UInt64 = 0
  private var failures: UInt64 = 0
  /// In the batch under way.
  private(set) var asked = 0
  private(set) var refused = 0

  static let firstWindow = 16

  init(_ requirements: Requirements, window: Int) {
    self.requirements = requirements
    self.window = window
  }

  var first: PlacementItem? {
    guard let one = items.first, let other = fresh.first else { return items.first ?? fresh.first }
    return min(one, other)
  }

  mutating func insert(_ item: PlacementItem, isFresh: Bool) {
    if isFresh { fresh.insert(item) } else { items.insert(item) }
  }

  mutating func popFirst() -> PlacementItem? {
    first == fresh.first ? fresh.popFirst() ?? items.popFirst() : items.popFirst()
  }

  mutating func popFresh() -> PlacementItem? { fresh.popFirst() }

  mutating func keep(where fits: (PlacementItem) -> Bool) {
    items.keep(where: fits)
    fresh.keep(where: fits)
  }

  mutating func removeItems() {
    items = BinaryHeap()
    fresh = BinaryHeap()
  }

  /// How many may be asked for now.
  ///
  /// - Parameters:
  ///   - freed: slots released in the app since it was last asked.
  ///   - releases: how often slots have been released in the app.
  func allowance(freed: Int, releases: UInt64) -> Int {
    guard isBlocked else { return window }
    guard releases >= wakeAt, freed > 0 else { return 0 }
    return max(1, freed / Int(max(1, requirements.slots)))
  }

  mutating func ask() { asked += 1 }
  mutating func refuse() { refused += 1 }

  /// The batch is answered.
  ///
  /// - Parameters:
  ///   - releases: the app's count when the batch went out: what was released since may not have been seen.
  ///   - patience: how many releases to let pass, at most, before asking again.
  mutating func settle(limit: Int, releases: UInt64, patience: UInt64, viewChanged: Bool) {
    guard asked > 0 else { return }
    if refused == 0 {
      window = isBlocked ? Self.firstWindow : min(window * 2, limit)
      isBlocked = false
      failures = 0
    } else {
      failures = refused == asked ? min(failures + 1, 6) : 0
      window = Self.firstWindow
      isBlocked = !viewChanged
      wakeAt = releases + min(patience, failures == 0 ? 1 : 1 << (failures - 1))
    }
    asked = 0
    refused = 0
  }

  mutating func wake() { wakeAt = 0 }

  mutating func open() {
    guard isBlocked else { return }
    isBlocked = false
    failures = 0
    window = Self.firstWindow
  }
}
