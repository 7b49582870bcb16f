import SwitchyardModel

extension WorkerMetrics {
  /// Lays `delta` over this: its values replace those of the same name. Names are kept sorted; new ones
  /// beyond `limit` are left out.
  mutating func merge(_ delta: WorkerMetrics, limit: Int) {
    for number in delta.numbers {
      Self.put(number, into: &numbers, by: \.name, limit: limit)
    }
    for text in delta.texts {
      Self.put(text, into: &texts, by: \.key, limit: limit)
    }
    if let tags = delta.tags { self.tags = tags }
  }

  private static func put<Value>(
    _ value: Value, into values: inout [Value], by name: KeyPath<Value, String>, limit: Int
  ) {
    let key = value[keyPath: name]
    var low = 0
    var high = values.count
    while low < high {
      let middle = (low + high) / 2
      if values[middle][keyPath: name] < key { low = middle + 1 } else { high = middle }
    }
    if low < values.count, values[low][keyPath: name] == key {
      values[low] = value
    } else if values.count < limit {
      values.insert(value, at: low)
    }
  }
}
