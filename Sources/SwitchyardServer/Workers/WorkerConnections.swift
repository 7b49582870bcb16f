import SwitchyardCore
import SwitchyardModel
import SwitchyardWire
import Synchronization

/// The open streams of workers, by number: where the driver's messages go.
final class WorkerConnections: Sendable {
  private struct State {
    var last: UInt64 = 0
    var open: [ConnectionID: Outbox] = [:]
    var isClosed = false
  }

  private let state = Mutex(State())

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

/// What waits to be written on one stream. While a frame is being written the next one gathers here.
final class Outbox: Sendable {
  /// Beyond this the peer does not read: the stream is cut. It must hold the answer to a whole inventory.
  private static let messageLimit = 500_000
  private static let byteLimit = 64 << 20

  private struct State {
    var messages: [ServerMessage] = []
    var bytes = 0
    var isClosed = false
    var reader: CheckedContinuation<Void, Never>?

    mutating func takeReader() -> CheckedContinuation<Void, Never>? {
      defer { reader = nil }
      return reader
    }
  }

  private let state = Mutex(State())
  private let overflown: @Sendable () -> Void
  /// Happens when nothing is taken any more.
  let closing = Signal()

  /// - Parameter overflown: called when the peer has not read for too long.
  init(overflown: @escaping @Sendable () -> Void = {}) { self.overflown = overflown }

  func append(_ message: ServerMessage) {
    let (reader, isFull) = state.withLock { state -> (CheckedContinuation<Void, Never>?, Bool) in
      guard !state.isClosed else { return (nil, false) }
      state.messages.append(message)
      state.bytes += message.approximateBytes
      let isFull = state.messages.count > Self.messageLimit || state.bytes > Self.byteLimit
      if isFull {
        // Nobody will read them: the memory is given back at once, and the peer is told why if it looks after all.
        state.messages = [.refused(.unavailable, message: "the worker does not read what the server sends it")]
        state.bytes = 0
      }
      return (state.takeReader(), isFull)
    }
    reader?.resume()
    if isFull {
      overflown()
      close()
    }
  }

  /// Nothing is taken any more; what is queued is still written.
  func close() {
    let reader = state.withLock { state in
      state.isClosed = true
      return state.takeReader()
    }
    reader?.resume()
    closing.signal()
  }

  /// Waits for messages and takes them all; nil when it is closed and empty.
  func next() async -> [ServerMessage]? {
    while true {
      let (batch, isClosed) = state.withLock { state in
        defer {
          state.messages = []
          state.bytes = 0
        }
        return (state.messages, state.isClosed)
      }
      if !batch.isEmpty { return batch }
      if isClosed { return nil }
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          let isReady = state.withLock { state in
            if state.messages.isEmpty, !state.isClosed { state.reader = continuation }
            return state.reader == nil
          }
          if isReady { continuation.resume() }
        }
      } onCancel: {
        close()
      }
    }
  }
}

extension ServerMessage {
  /// Roughly what it takes while it waits. Definitions are shared by all that carry one.
  fileprivate var approximateBytes: Int {
    switch self {
    case .dispatch(let assignment): 128 + (assignment.parameters?.utf8.count ?? 0)
    case .epochs(let claims): 32 + 16 * claims.count
    case .welcome(let welcome): 128 + 16 * welcome.epochs.count
    case .refused(_, let message): 32 + message.utf8.count
    case .heartbeatAck, .resultAck, .logAck, .stop, .drain: 48
    }
  }
}
