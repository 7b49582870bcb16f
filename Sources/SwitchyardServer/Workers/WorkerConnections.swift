import SwitchyardCore
import SwitchyardModel
import Synchronization

/// The open streams of workers, by number: where the driver's messages go.
final class WorkerConnections: Sendable {
  private struct State {
    var last: UInt64 = 0
    var open: [ConnectionID: Outbox] = [:]
    var isClosed = false
  }

  private let state = Mutex(State())
  /// Of what waits on all of them.
  let pool = OutboxPool()

  init() {}

  /// Each takes some memory before its worker is known.
  static let limit = 20_000

  var count: Int { state.withLock { $0.open.count } }

  /// Nil when there are too many.
  func add(_ outbox: Outbox) -> ConnectionID? {
    state.withLock { state in
      guard state.open.count < Self.limit else { return nil }
      state.last += 1
      let id = ConnectionID(state.last)
      state.open[id] = outbox
      // It came while the server was ending.
      if state.isClosed { outbox.close() }
      return id
    }
  }

  func remove(_ id: ConnectionID) { _ = state.withLock { $0.open.removeValue(forKey: id) } }

  /// Queues the message; a stream that is gone drops it, which is as if the network had.
  func send(_ message: ServerMessage, on id: ConnectionID) {
    state.withLock { $0.open[id] }?.append(message)
  }

  func close(_ id: ConnectionID) { state.withLock { $0.open[id] }?.close() }

  /// Closes all streams, and from now on each that comes.
  func closeAll() {
    let open = state.withLock { state in
      state.isClosed = true
      return Array(state.open.values)
    }
    for outbox in open { outbox.close() }
  }
}
