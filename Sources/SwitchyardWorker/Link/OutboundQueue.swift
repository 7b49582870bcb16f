package import SwitchyardModel
import Synchronization

/// Messages on their way to the stream. Whoever sends takes a frame of what is there: one message at once when the stream
/// is idle, many while one is being written.
package final class OutboundQueue: Sendable {
  private struct State {
    /// Overtake: a lease must not run out behind a megabyte of log.
    var heartbeats: [WorkerMessage] = []
    var messages: [WorkerMessage] = []
    /// The first of `messages` that has not been taken.
    var next = 0
    var bytes = 0
    var logBytes = 0
    var isFinished = false
    var isBroken = false
  }

  /// A frame ends after so many bytes, roughly: far below what a frame may have, so that heartbeats get through.
  static let frameBytes = 256 << 10
  static let frameMessages = 4_096
  /// Beyond that the server does not read: the stream is given up, and all of this is sent again on the next.
  static let limitBytes = 256 << 20

  private let state = Mutex(State())
  private let signals: AsyncStream<Void>
  private let signal: AsyncStream<Void>.Continuation

  package init() { (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

  package var logBytes: Int { state.withLock { $0.logBytes } }

  package func append(_ messages: [WorkerMessage]) {
    state.withLock { state in
      guard !state.isFinished, !state.isBroken else { return }
      for message in messages {
        let size = Self.size(of: message)
        state.bytes += size
        if case .log = message { state.logBytes += size }
        if case .heartbeat = message { state.heartbeats.append(message) } else { state.messages.append(message) }
      }
      state.isBroken = state.bytes > Self.limitBytes
    }
    signal.yield()
  }

  /// Nothing follows.
  package func finish() {
    state.withLock { $0.isFinished = true }
    signal.yield()
  }

  /// The queue has overflown.
  struct Overflow: Error, CustomStringConvertible {
    var description: String { "the server does not read: more than \(limitBytes >> 20) MiB are waiting" }
  }

  /// The next frame, as soon as there is something; nil at the end, and when the task is cancelled. For one caller.
  ///
  /// - Throws: ``Overflow``.
  func nextFrame() async throws -> [WorkerMessage]? {
    var signals = signals.makeAsyncIterator()
    while true {
      let (frame, isFinished, isBroken) = state.withLock { state in
        (Self.takeFrame(&state), state.isFinished, state.isBroken)
      }
      if isBroken { throw Overflow() }
      if !frame.isEmpty { return frame }
      if isFinished { return nil }
      guard await signals.next() != nil else { return nil }
    }
  }

  private static func takeFrame(_ state: inout State) -> [WorkerMessage] {
    var frame = state.heartbeats
    state.heartbeats = []
    state.bytes -= frame.reduce(0) { $0 + size(of: $1) }
    var bytes = 0
    while state.next < state.messages.count, bytes < frameBytes, frame.count < frameMessages {
      let message = state.messages[state.next]
      let size = size(of: message)
      state.next += 1
      state.bytes -= size
      bytes += size
      if case .log = message { state.logBytes -= size }
      frame.append(message)
      // The protocol wants a hello alone in its frame.
      if case .hello = message { break }
    }
    if state.next == state.messages.count {
      state.messages.removeAll(keepingCapacity: state.messages.count <= frameMessages)
      state.next = 0
    } else if state.next >= frameMessages * 4 {
      state.messages.removeFirst(state.next)
      state.next = 0
    }
    return frame
  }

  /// About what a message takes on the wire.
  private static func size(of message: WorkerMessage) -> Int {
    switch message {
    case .log(let chunk): chunk.bytes.count + 48
    case .result(let result): 80 + (result.result?.utf8.count ?? 0) + (result.detail?.utf8.count ?? 0)
    case .rejected(_, let reason): 32 + reason.utf8.count
    case .hello(let hello): 1024 + 48 * hello.inventory.count
    case .heartbeat(let beat): 64 + 48 * (beat.metrics.numbers.count + beat.metrics.texts.count)
    case .accepted, .draining, .goodbye: 32
    }
  }
}
