/// A set of keys in order, for indexes that are read in pages.
struct SortedKeys<Key: Comparable & Sendable>: Sendable {
  private(set) var keys: [Key] = []

  var count: Int { keys.count }

  /// Where `key` is, or belongs.
  func position(of key: Key) -> Int {
    // Identities grow: most keys go to the end.
    if let last = keys.last, last < key { return keys.count }
    var low = 0
    var high = keys.count
    while low < high {
      let middle = low + (high - low) / 2
      if keys[middle] < key { low = middle + 1 } else { high = middle }
    }
    return low
  }

  mutating func insert(_ key: Key) {
    let position = position(of: key)
    if position < keys.count, keys[position] == key { return }
    keys.insert(key, at: position)
  }

  mutating func remove(_ key: Key) {
    let position = position(of: key)
    guard position < keys.count, keys[position] == key else { return }
    keys.remove(at: position)
  }

  /// The keys behind `cursor`, in order.
  func after(_ cursor: Key?) -> ArraySlice<Key> {
    guard let cursor else { return keys[...] }
    let position = position(of: cursor)
    let found = position < keys.count && keys[position] == cursor
    return keys[(found ? position + 1 : position)...]
  }

  /// The keys before `cursor`, in order.
  func before(_ cursor: Key?) -> ArraySlice<Key> {
    guard let cursor else { return keys[...] }
    return keys[..<position(of: cursor)]
  }
}
