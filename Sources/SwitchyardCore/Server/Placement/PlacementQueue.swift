import SwitchyardModel

/// Everything that waits to be placed: per app, by class, by rank; one question per app under way.
///
/// Apps take turns. An instance is in here once: queued, or asked for and not answered.
struct PlacementQueue: Sendable {
  struct Place: Sendable {
    var shard: Shard
    var slots: UInt32
    var app: Int
    /// Of its class within the app.
    var number: Int
    var stamp: UInt32
    var isAsked: Bool
  }

  private let batchLimit: Int
  private var apps: [AppQueue] = []
  private var index: [String: Int] = [:]
  private var places = IDMap<InstanceID, Place>()
  private var lastStamp: UInt32 = 0
  /// Apps that may have something to ask, each once, in the order of their turns.
  private var turns = Fifo<Int>()
  private var hasTurn: [Bool] = []
  private var garbage = 0
  private var stranded: [(instance: InstanceID, place: Place)] = []
  /// Requests that are not answered, over all apps.
  private(set) var outstanding = 0

  init(batchLimit: Int) { self.batchLimit = max(1, batchLimit) }

  /// Instances that wait to be asked for.
  var queued: Int { places.count - outstanding }

  func isQueued(_ instance: InstanceID) -> Bool { places[instance].map { !$0.isAsked } ?? false }

  /// Queued, or asked for and not answered.
  func contains(_ instance: InstanceID) -> Bool { places[instance] != nil }

  /// Whether it is known that nobody takes this now.
  func isBlocked(app: String, _ requirements: Requirements) -> Bool {
    index[app].map { apps[$0].isBlocked(requirements) } ?? false
  }

  /// Whether it waits in a class that nobody takes now.
  func isBlocked(_ instance: InstanceID) -> Bool {
    guard let place = places[instance], !place.isAsked else { return false }
    return apps[place.app].isBlocked(place.number)
  }

  /// Why nobody took such an instance when last asked.
  func reason(app: String, _ requirements: Requirements) -> String? {
    index[app].flatMap { apps[$0].reason(requirements) }
  }

  /// Keeps why nobody takes this instance, and others like it.
  mutating func note(_ reason: String, of instance: InstanceID) {
    if let place = places[instance] { apps[place.app].note(reason, place.number) }
  }

  /// Of each app that was ever seen how many wait.
  var depths: [(app: String, count: Int)] { apps.map { ($0.app, $0.live) } }

  /// How many wait in the app.
  func depth(app: String) -> Int { index[app].map { apps[$0].live } ?? 0 }

  /// - Parameter isFresh: it is not stored yet: it is asked for, or told by ``takeStranded()``, and does not wait.
  mutating func insert(
    _ instance: InstanceID, rank: Int64, shard: Shard, definition: JobVersion, isFresh: Bool = false
  ) {
    guard places[instance] == nil else { return }
    lastStamp &+= 1
    let app = index[definition.app] ?? addApp(definition.app)
    let item = PlacementItem(rank: rank, instance: instance, stamp: lastStamp)
    let number = apps[app].insert(item, definition.requirements, isFresh: isFresh, batch: batchLimit)
    places[instance] = Place(
      shard: shard, slots: max(1, definition.requirements.slots), app: app, number: number, stamp: lastStamp,
      isAsked: false)
    giveTurn(app)
  }

  private mutating func addApp(_ name: String) -> Int {
    apps.append(AppQueue(app: name))
    hasTurn.append(false)
    index[name] = apps.count - 1
    return apps.count - 1
  }

  private mutating func giveTurn(_ app: Int) {
    guard !hasTurn[app], apps[app].outstanding == 0 else { return }
    hasTurn[app] = true
    turns.append(app)
  }

  /// Takes it out, unless it is being asked for.
  mutating func withdraw(_ instance: InstanceID) {
    guard let place = places[instance], !place.isAsked else { return }
    places[instance] = nil
    apps[place.app].leave(place.number)
    garbage += 1
    guard garbage > 1024, garbage > places.count else { return }
    garbage = 0
    for app in apps.indices { apps[app].compact(places: places) }
  }

  /// The next app's batch, best first; nil when no app has anything to ask. Each of them must be answered.
  mutating func nextBatch() -> [(instance: InstanceID, shard: Shard)]? {
    while let app = turns.popFirst() {
      hasTurn[app] = false
      let batch = apps[app].takeBatch(limit: batchLimit, places: places)
      guard !batch.isEmpty else { continue }
      outstanding += batch.count
      return batch.map { (instance, _) in
        places.update(instance) { $0.isAsked = true }
        return (instance, places[instance]?.shard ?? Shard(of: instance))
      }
    }
    return nil
  }

  /// One request is answered; nil when nobody asked for it.
  mutating func answered(_ instance: InstanceID, foundNobody: Bool) -> Place? {
    guard let place = places[instance], place.isAsked else { return nil }
    places[instance] = nil
    outstanding -= 1
    if apps[place.app].answered(place.number, foundNobody: foundNobody, batch: batchLimit) {
      strand(place.app)
      giveTurn(place.app)
    }
    return place
  }

  private mutating func strand(_ app: Int) {
    for item in apps[app].takeStranded() {
      guard let place = places[item.instance], place.stamp == item.stamp else { continue }
      places[item.instance] = nil
      apps[app].leave(place.number)
      stranded.append((item.instance, place))
    }
  }

  /// Fresh instances that nobody takes now, as the answer for others like them tells; they are out of the queue.
  mutating func takeStranded() -> [(instance: InstanceID, place: Place)] {
    defer { stranded.removeAll(keepingCapacity: true) }
    return stranded
  }

  /// Slots have become free on a worker of these apps; an empty list or `*` stands for all.
  mutating func release(slots: UInt32, apps names: [String]) {
    if names.isEmpty || names.contains("*") {
      for app in apps.indices { release(slots, app) }
    } else {
      for name in names {
        if let app = index[name] { release(slots, app) }
      }
    }
  }

  private mutating func release(_ slots: UInt32, _ app: Int) {
    apps[app].release(slots: Int(slots))
    if apps[app].live > 0 { giveTurn(app) }
  }

  /// Workers or the policy of the app (nil: any) changed.
  mutating func viewChanged(app name: String?) {
    if let name {
      if let app = index[name] { open(app) }
    } else {
      for app in apps.indices { open(app) }
    }
  }

  private mutating func open(_ app: Int) {
    apps[app].open()
    if apps[app].live > 0 { giveTurn(app) }
  }

  /// A while has passed: asks a few of those that found nobody, in case that a change was missed.
  mutating func probe() {
    for app in apps.indices where apps[app].hasBlocked {
      apps[app].probe()
      giveTurn(app)
    }
  }

  var hasBlocked: Bool { apps.contains { $0.hasBlocked } }

  /// Forgets everything that waits. What is asked for is still owed an answer.
  mutating func abandon() {
    let owed = abandoned + outstanding
    self = PlacementQueue(batchLimit: batchLimit)
    abandoned = owed
  }

  /// Answers owed to questions of a time before the owner resigned.
  private(set) var abandoned = 0

  mutating func answeredAbandoned() { abandoned = max(0, abandoned - 1) }
}
