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
    let entry = Entry(time: time, order: planned, event: event)
    heap.append(entry)
    // The others move into the gap, which is filled once.
    var gap = heap.count - 1
    while gap > 0 {
      let parent = (gap - 1) / 2
      guard Self.isBefore(entry, heap[parent]) else { break }
      heap[gap] = heap[parent]
      gap = parent
    }
    heap[gap] = entry
  }

  mutating func next() -> (time: Int64, event: WorldEvent)? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    if !heap.isEmpty { sink(last) }
    return (first.time, first.event)
  }

  /// From the gap at the top to where it belongs.
  private mutating func sink(_ entry: Entry) {
    var gap = 0
    while true {
      var child = 2 * gap + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, Self.isBefore(heap[child + 1], heap[child]) { child += 1 }
      guard Self.isBefore(heap[child], entry) else { break }
      heap[gap] = heap[child]
      gap = child
    }
    heap[gap] = entry
  }

  private static func isBefore(_ a: Entry, _ b: Entry) -> Bool {
    a.time < b.time || (a.time == b.time && a.order < b.order)
  }
}
