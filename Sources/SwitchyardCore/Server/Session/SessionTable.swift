import SwitchyardModel

/// All workers that are connected or not judged, by name, and whose stream is whose.
///
/// The machines lie in slots of one array and are read and changed in their place.
struct SessionTable: Sendable {
  private struct Bound: Sendable {
    var name: String
    /// Where its machine was when it was bound.
    var slot: Int
  }

  private var slots: [SessionMachine] = []
  private var vacant: [Int] = []
  private var places: [String: Int] = [:]
  /// Streams that joined, join, or wait to.
  private var streams: [ConnectionID: Bound] = [:]

  var count: Int { places.count }
  var sortedNames: [String] { places.keys.sorted() }

  func contains(_ name: String) -> Bool { places[name] != nil }
  func index(of name: String) -> Int? { places[name] }

  subscript(at index: Int) -> SessionMachine {
    _read { yield slots[index] }
    _modify { yield &slots[index] }
  }

  /// A copy of the machine; setting its parts changes it in the table, setting nil removes it.
  subscript(_ name: String) -> SessionMachine? {
    get { places[name].map { slots[$0] } }
    _modify {
      var machine: SessionMachine?
      if let index = places[name] {
        machine = slots[index]
        slots[index] = .blank
      }
      yield &machine
      put(machine, name)
    }
  }

  private mutating func put(_ machine: SessionMachine?, _ name: String) {
    switch (machine, places[name]) {
    case (let machine?, let index?): slots[index] = machine
    case (let machine?, nil):
      if let reused = vacant.popLast() {
        slots[reused] = machine
        places[name] = reused
      } else {
        slots.append(machine)
        places[name] = slots.count - 1
      }
    case (nil, let index?):
      places[name] = nil
      vacant.append(index)
    case (nil, nil): break
    }
  }

  func name(of connection: ConnectionID) -> String? { streams[connection]?.name }

  mutating func bind(_ connection: ConnectionID, to name: String) {
    guard let slot = places[name] else { return }
    streams[connection] = Bound(name: name, slot: slot)
  }

  mutating func unbind(_ connection: ConnectionID) { streams[connection] = nil }

  /// The machine of the stream, if it is that worker's live one.
  func live(_ connection: ConnectionID) -> Int? {
    guard let slot = streams[connection]?.slot, slots[slot].isLive, slots[slot].connection == connection
    else { return nil }
    return slot
  }

  /// The stream on which this incarnation can be told something now.
  func stream(of ref: WorkerRef) -> ConnectionID? {
    guard let slot = places[ref.name], slots[slot].isLive, slots[slot].isOf(ref) else { return nil }
    return slots[slot].connection
  }

  func admits(_ ref: WorkerRef) -> Bool { places[ref.name].map { slots[$0].admits(ref) } ?? false }
  func isAlive(_ ref: WorkerRef) -> Bool { places[ref.name].map { slots[$0].isAlive(ref) } ?? false }

  /// An attempt is placed on this incarnation, if it lives.
  mutating func enter(_ instance: InstanceID, _ shard: Shard, on ref: WorkerRef) {
    guard let slot = places[ref.name], slots[slot].isAlive(ref) else { return }
    slots[slot].placed[instance] = shard
  }

  mutating func leave(_ attempt: AttemptRef, of ref: WorkerRef) {
    guard let slot = places[ref.name] else { return }
    slots[slot].leave(attempt, of: ref)
  }

  mutating func removeAll() { self = SessionTable() }
}

extension SessionMachine {
  /// What lies in a slot that nothing is in.
  fileprivate static let blank = SessionMachine(name: "", heardAt: BootTime(nanoseconds: 0))
}
