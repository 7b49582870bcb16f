import SwitchyardCore
import SwitchyardModel
import Synchronization

/// Who waits for the end of an instance.
final class Waiters: EventConsumer {
  private let waiting = Mutex<[InstanceID: [Signal]]>([:])

  /// Calls `body` while watching the instance, so that an end between two looks at the store is not missed.
  func watching<T>(_ instance: InstanceID, _ body: (Signal) async throws -> T) async rethrows -> T {
    let signal = Signal()
    waiting.withLock { $0[instance, default: []].append(signal) }
    defer {
      waiting.withLock { waiting in
        waiting[instance]?.removeAll { $0 === signal }
        if waiting[instance]?.isEmpty == true { waiting[instance] = nil }
      }
    }
    return try await body(signal)
  }

  func consume(_ events: [ClusterEvent], at time: Timestamp) {
    let ended = waiting.withLock { waiting -> [Signal] in
      guard !waiting.isEmpty else { return [] }
      return events.flatMap { event -> [Signal] in
        guard case .core(.instance(let id, _, _, let state, _, _)) = event, state.isTerminal else { return [] }
        return waiting[id] ?? []
      }
    }
    for signal in ended { signal.signal() }
  }
}
