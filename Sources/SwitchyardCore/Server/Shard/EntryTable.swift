import SwitchyardModel

/// The instances of a shard that are in memory, by identity.
///
/// They lie in slots of one array, which are reused: an entry is large, and is read and changed in its place.
/// An index stays valid until that entry is removed.
struct EntryTable: Sendable {
  private var slots: [Entry] = []
  private var vacant: [Int] = []
  private var places = IDMap<InstanceID, Int>()

  var count: Int { places.count }
  var sortedIDs: [InstanceID] { places.sortedKeys }

  func contains(_ id: InstanceID) -> Bool { places[id] != nil }
  func index(of id: InstanceID) -> Int? { places[id] }

  subscript(at index: Int) -> Entry {
    _read { yield slots[index] }
    _modify { yield &slots[index] }
  }

  /// A copy of the entry; setting its parts changes it in the table.
  subscript(id: InstanceID) -> Entry? {
    get { places[id].map { slots[$0] } }
    _modify {
      if let index = places[id] {
        var entry: Entry? = slots[index]
        slots[index] = .blank
        yield &entry
        slots[index] = entry ?? .blank
      } else {
        var entry: Entry?
        yield &entry
      }
    }
  }

  /// Puts it in, unless one of its identity is there; returns where it is.
  @discardableResult
  mutating func insert(_ entry: Entry) -> Int {
    if let index = places[entry.id] { return index }
    let index: Int
    if let reused = vacant.popLast() {
      slots[reused] = entry
      index = reused
    } else {
      slots.append(entry)
      index = slots.count - 1
    }
    places[entry.id] = index
    return index
  }

  mutating func remove(_ id: InstanceID) {
    guard let index = places.removeValue(forKey: id) else { return }
    if places.isEmpty, slots.count > 64 {
      // What a peak took is given back.
      slots = []
      vacant = []
    } else {
      slots[index] = .blank
      vacant.append(index)
    }
  }

  /// Where those lie that fit, in no order that means anything, but always in the same.
  func indices(where fits: (Entry) -> Bool) -> [Int] { slots.indices.filter { fits(slots[$0]) } }

  /// The entries in order of identity.
  func filter(_ fits: (Entry) -> Bool) -> [Entry] {
    sortedIDs.compactMap { id in
      guard let index = places[id], fits(slots[index]) else { return nil }
      return slots[index]
    }
  }
}

extension Entry {
  /// What lies in a slot that nothing is in.
  fileprivate static let blank = Entry(
    Instance(
      id: InstanceID(rawValue: 0), job: JobID(rawValue: 0), jobVersion: 0, app: "", shard: Shard(0),
      occurrence: Occurrence(text: ""), readyAt: .distantPast, dueAt: .distantPast, createdAt: .distantPast),
    JobVersion(
      job: JobID(rawValue: 0), number: 0, app: "", spec: JobSpec(name: "", processor: .noop(duration: .zero))),
    stage: .fresh)
}
