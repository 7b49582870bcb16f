package import SwitchyardModel

/// Named timers, each with one time; arming a name again replaces it.
///
/// A binary heap with stale entries: the table says which entry of a name counts.
package struct TimerTable<Name: Hashable & Sendable>: Sendable {
  private struct Entry {
    var time: BootTime
    var name: Name
  }

  private var heap: [Entry] = []
  private var armed: [Name: BootTime] = [:]

  package init() {}

  package mutating func arm(_ name: Name, at time: BootTime) {
    guard armed.updateValue(time, forKey: name) != time else { return }
    heap.append(Entry(time: time, name: name))
    var child = heap.count - 1
    while child > 0, heap[child].time < heap[(child - 1) / 2].time {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  /// The earliest time at which a timer is due.
  package mutating func next() -> BootTime? {
    while let first = heap.first, armed[first.name] != first.time { removeFirst() }
    return heap.first?.time
  }

  /// Takes the first timer that is due.
  package mutating func popDue(at now: BootTime) -> Name? {
    guard let time = next(), time <= now, let name = heap.first?.name else { return nil }
    removeFirst()
    armed[name] = nil
    return name
  }

  private mutating func removeFirst() {
    guard let last = heap.popLast(), !heap.isEmpty else { return }
    heap[0] = last
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < heap.count else { return }
      if child + 1 < heap.count, heap[child + 1].time < heap[child].time { child += 1 }
      guard heap[child].time < heap[parent].time else { return }
      heap.swapAt(child, parent)
      parent = child
    }
  }
}
