import SwitchyardModel
import Synchronization

/// Keeps the last events for those who follow them.
///
/// There is one ring for all: each follower reads on from where it was, so that a slow one costs no memory. It gets
/// merged states when it is behind, and is told of a gap when it was overtaken.
final class EventLog: EventConsumer {
  /// Part of each event's identity: the server's start.
  let incarnation: UInt64

  private struct State {
    var ring: EventRing
    /// Happens when there is more; nil: nobody waits for it.
    var more: Signal?
  }

  private let state: Mutex<State>

  /// - Parameters:
  ///   - capacity: events that are kept.
  ///   - mergeBeyond: so far may a follower be behind and still get each event.
  init(incarnation: UInt64, capacity: Int = 32_768, mergeBeyond: Int = 1_024) {
    self.incarnation = incarnation
    state = Mutex(State(ring: EventRing(capacity: capacity, mergeBeyond: mergeBeyond)))
  }

  /// The number of the last event.
  var last: UInt64 { state.withLock { $0.ring.last } }

  func page(after number: UInt64) -> EventRing.Page { state.withLock { $0.ring.page(after: number) } }

  /// Returns when there are events after this number, or the time has passed, or the task was cancelled.
  func wait(after number: UInt64, atMost span: Span) async {
    let more = state.withLock { state -> Signal? in
      guard state.ring.last <= number else { return nil }
      let more = state.more ?? Signal()
      state.more = more
      return more
    }
    await more?.wait(atMost: span)
  }

  func consume(_ events: [ClusterEvent], at time: Timestamp) {
    let more = state.withLock { state -> Signal? in
      let before = state.ring.last
      for event in events where event.isTold { state.ring.append(event, at: time) }
      guard state.ring.last > before else { return nil }
      defer { state.more = nil }
      return state.more
    }
    more?.signal()
  }
}
