import SwitchyardModel

/// A hash table by identity, several times as fast as a `Dictionary`, which guards against keys that an
/// attacker chose: identities are made by the server.
///
/// Open addressing with linear probing; removal moves later entries back (Knuth, TAOCP 6.4, algorithm R),
/// so that nothing is left behind. At most half of the places are taken.
struct IDMap<ID: Identifier, Value> {
  private var keys: [UInt64] = []
  private var values: [Value?] = []
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  var sortedKeys: [ID] {
    keys.indices.filter { values[$0] != nil }.map { ID(rawValue: keys[$0]) }.sorted()
  }

  /// Setting nil removes it.
  subscript(id: ID) -> Value? {
    get { place(of: id.rawValue).flatMap { values[$0] } }
    set {
      if let newValue {
        insert(newValue, id.rawValue)
      } else {
        removeValue(forKey: id)
      }
    }
  }

  /// Changes the value in its place, where there is one.
  mutating func update(_ id: ID, _ change: (inout Value) -> Void) {
    guard let place = place(of: id.rawValue), var value = values[place] else { return }
    values[place] = nil
    change(&value)
    values[place] = value
  }

  @discardableResult
  mutating func removeValue(forKey id: ID) -> Value? {
    guard var hole = place(of: id.rawValue) else { return nil }
    let value = values[hole]
    count -= 1
    let mask = keys.count - 1
    var next = hole
    while true {
      values[hole] = nil
      repeat {
        next = (next + 1) & mask
        guard values[next] != nil else {
          // What a peak took is given back.
          if count == 0, keys.count > 1024 { removeAll() }
          return value
        }
        // What lies where it wants to, or after the hole but not before its home, stays.
      } while (next - home(keys[next])) & mask < (next - hole) & mask
      keys[hole] = keys[next]
      values[hole] = values[next]
      hole = next
    }
  }

  mutating func removeAll() { self = IDMap() }

  private func home(_ key: UInt64) -> Int { Int(truncatingIfNeeded: mix64(key)) & (keys.count - 1) }

  private func place(of key: UInt64) -> Int? {
    guard count > 0 else { return nil }
    var place = home(key)
    while values[place] != nil {
      if keys[place] == key { return place }
      place = (place + 1) & (keys.count - 1)
    }
    return nil
  }

  private mutating func insert(_ value: Value, _ key: UInt64) {
    if let place = place(of: key) {
      values[place] = value
      return
    }
    if 2 * (count + 1) > keys.count { grow() }
    put(value, key)
    count += 1
  }

  private mutating func put(_ value: Value, _ key: UInt64) {
    var place = home(key)
    while values[place] != nil { place = (place + 1) & (keys.count - 1) }
    keys[place] = key
    values[place] = value
  }

  private mutating func grow() {
    let old = (keys, values)
    let size = max(8, 2 * keys.count)
    keys = Array(repeating: 0, count: size)
    values = Array(repeating: nil, count: size)
    for (key, value) in zip(old.0, old.1) {
      if let value { put(value, key) }
    }
  }
}

extension IDMap: Sendable where ID: Sendable, Value: Sendable {}
