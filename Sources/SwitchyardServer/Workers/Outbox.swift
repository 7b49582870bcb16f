import SwitchyardModel
import Synchronization

/// What waits to be written on one stream. While a frame is being written the next one gathers here.
final class Outbox: Sendable {
  /// Bytes beyond which the peer does not read: the stream is cut. It must hold the answer to a whole inventory.
  static let limit = 64 << 20

  private struct State {
    var messages: [ServerMessage] = []
    /// The newest, which says all that older ones said. It is written after the others.
    var heartbeatAck: ServerMessage?
    /// Of what waits, and of what was taken last and is being written.
    var bytes = 0
    var bytesTaken = 0
    var isClosed = false
    var reader: CheckedContinuation<Void, Never>?

    var isEmpty: Bool { messages.isEmpty && heartbeatAck == nil }

    mutating func takeReader() -> CheckedContinuation<Void, Never>? {
      defer { reader = nil }
      return reader
    }
  }

  private let state = Mutex(State())
  private let pool: OutboxPool
  private let overflown: @Sendable () -> Void
  /// Happens when nothing is taken any more.
  let closing = Signal()

  /// - Parameters:
  ///   - pool: bounds all streams together.
  ///   - overflown: called when the peer has not read for too long.
  init(pool: OutboxPool = OutboxPool(), overflown: @escaping @Sendable () -> Void = {}) {
    self.pool = pool
    self.overflown = overflown
  }

  deinit { pool.give(state.withLock { $0.bytes + $0.bytesTaken }) }

  func append(_ message: ServerMessage) {
    let (reader, isFull) = state.withLock { state -> (CheckedContinuation<Void, Never>?, Bool) in
      guard !state.isClosed else { return (nil, false) }
      if case .heartbeatAck = message {
        state.heartbeatAck = message
        return (state.takeReader(), false)
      }
      let bytes = message.approximateBytes
      state.messages.append(message)
      state.bytes += bytes
      let own = state.bytes + state.bytesTaken
      let isFull = !pool.take(bytes, having: own) || own > Self.limit
      if isFull {
        // Nobody will read them: the memory is given back at once, and the peer is told why if it looks after all.
        state.messages = [.refused(.unavailable, message: "the worker does not read what the server sends it")]
        pool.give(state.bytes)
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

  /// Waits for messages and takes them all; nil when it is closed and empty. What was taken before is written then.
  func next() async -> [ServerMessage]? {
    while true {
      let (batch, isClosed) = state.withLock { state in
        pool.give(state.bytesTaken)
        state.bytesTaken = state.bytes
        state.bytes = 0
        defer {
          state.messages = []
          state.heartbeatAck = nil
        }
        if let ack = state.heartbeatAck { state.messages.append(ack) }
        return (state.messages, state.isClosed)
      }
      if !batch.isEmpty { return batch }
      if isClosed { return nil }
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          let isReady = state.withLock { state in
            if state.isEmpty, !state.isClosed { state.reader = continuation }
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
    case .dispatch(let assignment): 256 + (assignment.parameters?.utf8.count ?? 0)
    case .epochs(let claims): 128 + 16 * claims.count
    case .welcome(let welcome): 256 + 16 * welcome.epochs.count
    case .refused(_, let message): 128 + message.utf8.count
    case .heartbeatAck, .resultAck, .logAck, .stop, .drain: 128
    }
  }
}
