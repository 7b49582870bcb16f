import CSwitchyard

/// Events on their way to one observer, laid out as it was built to read them (rule 5). Belongs to a lane.
final class EventBuffer {
  /// Beyond that events are lost, and the observer is told so.
  static let limit = 4_096

  let size: Int
  private let kinds: UInt64
  private let memory: UnsafeMutableRawPointer
  private(set) var count = 0
  private var hasGap = false
  /// Events that were lost.
  private(set) var lost: UInt64 = 0

  init(_ observer: sy_observer) {
    size = Int(observer.event_size)
    kinds = observer.kinds
    memory = .allocate(byteCount: size * (Self.limit + 1), alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: size * (Self.limit + 1))
  }

  deinit { memory.deallocate() }

  var isEmpty: Bool { count == 0 && !hasGap }

  func put(_ event: sy_event) {
    guard event.kind < 64, kinds >> UInt64(event.kind) & 1 == 1 else { return }
    guard count < Self.limit else {
      hasGap = true
      lost += 1
      return
    }
    write(event)
  }

  private func write(_ event: sy_event) {
    var event = event
    // A newer plugin's fields behind ours stay zero.
    withUnsafeBytes(of: &event) { bytes in
      guard let base = bytes.baseAddress else { return }
      (memory + count * size).copyMemory(from: base, byteCount: min(size, bytes.count))
    }
    count += 1
  }

  /// Hands all events to the body and forgets them. A gap comes last: what was lost was newer.
  func drain(at now: Int64, _ body: (UnsafePointer<sy_event>, Int) -> Void) {
    if hasGap {
      var gap = sy_event()
      gap.kind = UInt32(SY_EV_GAP)
      gap.seat = .max
      gap.at_ns = now
      write(gap)
      hasGap = false
    }
    guard count > 0 else { return }
    body(UnsafePointer(memory.assumingMemoryBound(to: sy_event.self)), count)
    count = 0
  }
}
