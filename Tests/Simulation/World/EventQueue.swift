/// What is to happen, by time and then by the order in which it was planned: a binary heap.
struct EventQueue {
  private struct Entry {
    let time: Int64
    let order: UInt64
    let event: WorldEvent
  }

  private var heap: [Entry] = []
  private var planned: UInt64 = 0

  var isEmpty: Bool { heap.isEmpty }

  mutating func plan(_ event: WorldEvent, at time: Int64) {
    planned += 1
    heap.append(Entry(time: time, order: planned, event: event))
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard Self.isBefore(heap[child], heap[parent]) else { break }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  mutating func next() -> (time: Int64, event: WorldEvent)? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      sink()
    }
    return (first.time, first.event)
  }

  private mutating func sink() {
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < heap.count else { return }
      if child + 1 < heap.count, Self.isBefore(heap[child + 1], heap[child]) { child += 1 }
      guard Self.isBefore(heap[child], heap[parent]) else { return }
      heap.swapAt(child, parent)
      parent = child
    }
  }

  private static func isBefore(_ a: Entry, _ b: Entry) -> Bool {
    a.time < b.time || (a.time == b.time && a.order < b.order)
  }
}
