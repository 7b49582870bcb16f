import SwitchyardModel

/// An attempt that a worker runs, or whose result it keeps.
struct HeldAttempt: Sendable {
  enum Stage: Sendable {
    /// Handed to the driver, not begun.
    case starting
    case running(since: Timestamp)
    /// Nothing of it runs; kept until acknowledged. `sentAt` is nil while this stream has not carried it.
    case finished(AttemptResult, sentAt: BootTime?)
  }

  let ref: AttemptRef
  let slots: UInt32
  let whenIsolated: WhenIsolated
  var stage: Stage
  var stopOrdered = false
  var isolationOrdered = false

  var isActive: Bool {
    if case .finished = stage { false } else { true }
  }

  var startedAt: Timestamp? {
    switch stage {
    case .starting: nil
    case .running(let since): since
    case .finished(let result, _): result.startedAt
    }
  }

  var inventoryItem: InventoryItem {
    InventoryItem(attempt: ref, slots: slots, finished: !isActive, startedAt: startedAt)
  }
}

/// Everything that a worker holds, in order of (instance, attempt), so that walking it is the same in
/// every run.
struct HeldAttempts: Sendable {
  private(set) var all: [HeldAttempt] = []
  /// Slots of what is starting or running.
  private(set) var usedSlots: UInt64 = 0
  private(set) var activeCount = 0

  var isEmpty: Bool { all.isEmpty }
  var finishedCount: Int { all.count - activeCount }

  var startingCount: Int {
    all.reduce(0) { if case .starting = $1.stage { $0 + 1 } else { $0 } }
  }

  subscript(_ ref: AttemptRef) -> HeldAttempt? {
    let index = lowerBound(ref)
    return index < all.count && all[index].ref == ref ? all[index] : nil
  }

  /// The held attempts of one instance, lowest first.
  func attempts(of instance: InstanceID) -> ArraySlice<HeldAttempt> {
    let start = lowerBound(AttemptRef(instance: instance, attempt: 0))
    return all[start...].prefix { $0.ref.instance == instance }
  }

  /// Puts it in, in place of the one of the same reference.
  mutating func put(_ held: HeldAttempt) {
    let index = lowerBound(held.ref)
    if index < all.count, all[index].ref == held.ref {
      count(all[index], -1)
      all[index] = held
    } else {
      all.insert(held, at: index)
    }
    count(held, 1)
  }

  mutating func remove(_ ref: AttemptRef) {
    let index = lowerBound(ref)
    guard index < all.count, all[index].ref == ref else { return }
    count(all[index], -1)
    all.remove(at: index)
  }

  private mutating func count(_ held: HeldAttempt, _ sign: Int) {
    guard held.isActive else { return }
    activeCount += sign
    usedSlots = sign > 0 ? usedSlots + UInt64(held.slots) : usedSlots - UInt64(held.slots)
  }

  private func lowerBound(_ ref: AttemptRef) -> Int {
    var low = 0
    var high = all.count
    while low < high {
      let middle = (low + high) / 2
      let other = all[middle].ref
      if (other.instance, other.attempt) < (ref.instance, ref.attempt) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
