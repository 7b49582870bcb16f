import SwitchyardModel

/// What waits to be placed in one app, by class, and the one question that is under way.
struct AppQueue: Sendable {
  let app: String
  private(set) var classes: [RequirementClass?] = []
  private var vacant: [Int] = []
  private var index: [Requirements: Int] = [:]
  /// Requests of the batch under way that are not answered.
  private(set) var outstanding = 0
  private(set) var live = 0
  private var inBatch: [Int] = []
  private var stranded: [PlacementItem] = []
  private var freed = 0
  private var releases: UInt64 = 0
  private var releasesAtBatch: UInt64 = 0
  private var viewChanged = false

  /// Blocked classes that nothing waits in are remembered up to this many, so that a newcomer need not ask.
  private static let emptyLimit = 1024

  init(app: String) { self.app = app }

  func isBlocked(_ requirements: Requirements) -> Bool {
    guard let number = index[requirements], let known = classes[number] else { return false }
    return known.isBlocked
  }

  func reason(_ requirements: Requirements) -> String? { index[requirements].flatMap { classes[$0]?.reason } }

  mutating func note(_ reason: String, _ number: Int) { classes[number]?.reason = reason }

  func isBlocked(_ number: Int) -> Bool { classes[number]?.isBlocked ?? false }

  var hasBlocked: Bool { classes.contains { $0.map { $0.isBlocked && $0.live > 0 } ?? false } }

  /// Puts the item into its class; returns the number of that.
  mutating func insert(_ item: PlacementItem, _ requirements: Requirements, isFresh: Bool, batch: Int) -> Int {
    let number = index[requirements] ?? addClass(requirements, batch: batch)
    classes[number]?.insert(item, isFresh: isFresh)
    classes[number]?.live += 1
    live += 1
    return number
  }

  private mutating func addClass(_ requirements: Requirements, batch: Int) -> Int {
    let fresh = RequirementClass(requirements, window: batch)
    let number: Int
    if let reused = vacant.popLast() {
      number = reused
      classes[reused] = fresh
    } else {
      number = classes.count
      classes.append(fresh)
    }
    index[requirements] = number
    return number
  }

  /// One item of the class is no longer waiting.
  mutating func leave(_ number: Int) {
    classes[number]?.live -= 1
    live -= 1
    dropIfEmpty(number)
  }

  private mutating func dropIfEmpty(_ number: Int) {
    guard let known = classes[number], known.live == 0, known.asked == 0 else { return }
    if known.isBlocked, classes.count - vacant.count <= Self.emptyLimit {
      classes[number]?.removeItems()
      return
    }
    index[known.requirements] = nil
    classes[number] = nil
    vacant.append(number)
  }

  /// The best of what may be asked for, in order of rank between classes too. Items that were withdrawn
  /// are dropped on the way.
  mutating func takeBatch(
    limit: Int, places: IDMap<InstanceID, PlacementQueue.Place>
  ) -> [(instance: InstanceID, number: Int)] {
    guard outstanding == 0, live > 0 else { return [] }
    var candidates = BinaryHeap<Candidate>()
    for number in classes.indices {
      guard let known = classes[number], known.live > 0 else { continue }
      let allowed = known.allowance(freed: freed, releases: releases)
      guard allowed > 0, let head = known.first else { continue }
      candidates.insert(Candidate(head: head, number: number, allowed: allowed))
    }
    var batch: [(instance: InstanceID, number: Int)] = []
    inBatch.removeAll(keepingCapacity: true)
    while batch.count < limit, var best = candidates.popFirst() {
      let number = best.number
      guard let item = classes[number]?.popFirst() else { continue }
      if places[item.instance]?.stamp == item.stamp {
        batch.append((item.instance, number))
        if classes[number]?.asked == 0 { inBatch.append(number) }
        classes[number]?.ask()
        classes[number]?.live -= 1
        live -= 1
        best.allowed -= 1
      }
      guard best.allowed > 0, let head = classes[number]?.first else { continue }
      best.head = head
      candidates.insert(best)
    }
    outstanding = batch.count
    freed = 0
    releasesAtBatch = releases
    viewChanged = false
    return batch
  }

  /// One request of the batch is answered; returns whether it was the last.
  mutating func answered(_ number: Int, foundNobody: Bool, batch: Int) -> Bool {
    if foundNobody { classes[number]?.refuse() }
    outstanding -= 1
    guard outstanding == 0 else { return false }
    // With few classes each release is worth a question; with many they take turns.
    let patience: UInt64 = classes.count - vacant.count <= 16 ? 1 : 64
    for number in inBatch {
      classes[number]?.settle(
        limit: batch, releases: releasesAtBatch, patience: patience, viewChanged: viewChanged)
      if isBlocked(number) { strand(number) }
      dropIfEmpty(number)
    }
    return true
  }

  /// "Nobody now" was said to others of the class, and speaks for those that are not stored too.
  private mutating func strand(_ number: Int) {
    while let item = classes[number]?.popFresh() { stranded.append(item) }
  }

  /// Fresh items of classes that became blocked, which are still counted as waiting there.
  mutating func takeStranded() -> [PlacementItem] {
    defer { stranded.removeAll(keepingCapacity: true) }
    return stranded
  }

  mutating func release(slots: Int) {
    freed = min(freed + slots, 1 << 20)
    releases += 1
  }

  /// Opens what is blocked.
  mutating func open() {
    viewChanged = true
    for number in classes.indices {
      classes[number]?.open()
      dropIfEmpty(number)
    }
  }

  /// Lets every blocked class ask for at least one, whatever was released.
  mutating func probe() {
    freed = max(freed, 1)
    for number in classes.indices { classes[number]?.wake() }
  }

  /// Drops what was withdrawn.
  mutating func compact(places: IDMap<InstanceID, PlacementQueue.Place>) {
    for number in classes.indices {
      classes[number]?.keep { places[$0.instance]?.stamp == $0.stamp }
    }
  }
}

private struct Candidate: Comparable {
  var head: PlacementItem
  var number: Int
  var allowed: Int

  static func < (a: Candidate, b: Candidate) -> Bool { a.head < b.head }
  static func == (a: Candidate, b: Candidate) -> Bool { a.head == b.head }
}
