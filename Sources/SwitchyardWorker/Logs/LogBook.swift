package import SwitchyardModel
import Synchronization

/// The output of all attempts of a worker, from the moment it is read until a server has acknowledged it.
///
/// Written by the threads that run attempts, emptied by the agent. Bounded as a whole: when it is full, output is left
/// out, with its count in the next chunk, and attempts go on undisturbed.
package final class LogBook: Sendable {
  private struct State {
    var logs: [AttemptRef: AttemptLog] = [:]
    /// Logs with something to send, each once.
    var unsent: [AttemptRef] = []
    var bytes = 0
    var dropped: UInt64 = 0
    /// The agent has been told that there is something, and has not looked yet.
    var isAnnounced = false
  }

  private let limits: LogLimits
  private let state = Mutex(State())
  private let announce: @Sendable () -> Void

  /// - Parameter announce: called, from any thread, when there is something to send after there was nothing.
  package init(limits: LogLimits, announce: @escaping @Sendable () -> Void) {
    self.limits = limits
    self.announce = announce
  }

  /// Bytes left out because of the bounds, in all.
  package var dropped: UInt64 { state.withLock { $0.dropped } }

  package func open(_ ref: AttemptRef) {
    state.withLock { $0.logs[ref] = AttemptLog(ref: ref, limits: limits) }
  }

  /// Does nothing for an attempt that is not open.
  package func append(_ bytes: UnsafeRawBufferPointer, to ref: AttemptRef) {
    change(ref) { log, room in log.append(bytes, room: room) }
  }

  /// The attempt has written its last.
  package func close(_ ref: AttemptRef) {
    change(ref) { log, _ in log.close() }
  }

  /// Takes chunks to send, attempts in turn.
  ///
  /// - Parameter limit: in bytes; passed by at most a chunk.
  package func take(upTo limit: Int) -> [LogChunk] {
    state.withLock { state in
      state.isAnnounced = false
      var chunks: [LogChunk] = []
      var taken = 0
      var turn = 0
      while turn < state.unsent.count, taken < limit {
        let ref = state.unsent[turn]
        turn += 1
        guard let chunk = state.logs[ref]?.takeNext() else { continue }
        chunks.append(chunk)
        taken += chunk.bytes.count + 64
        if state.logs[ref]?.hasUnsent == true { state.unsent.append(ref) }
      }
      state.unsent.removeFirst(turn)
      if !state.unsent.isEmpty { state.isAnnounced = true }
      return chunks
    }
  }

  /// Takes all that is left to send of one attempt, because its result follows.
  package func takeAll(of ref: AttemptRef) -> [LogChunk] {
    state.withLock { state in
      var chunks: [LogChunk] = []
      while let chunk = state.logs[ref]?.takeNext() { chunks.append(chunk) }
      return chunks
    }
  }

  /// A new stream: everything that has not been acknowledged is to be sent on it.
  package func rewind() {
    state.withLock { state in
      state.unsent = []
      for ref in state.logs.keys {
        state.logs[ref]?.rewind()
        if state.logs[ref]?.hasUnsent == true { state.unsent.append(ref) }
      }
      state.isAnnounced = true
    }
  }

  package func acknowledge(_ ref: AttemptRef, upTo offset: UInt64) {
    state.withLock { state in
      let before = state.logs[ref]?.bytes ?? 0
      state.logs[ref]?.acknowledge(offset)
      state.bytes += (state.logs[ref]?.bytes ?? 0) - before
    }
  }

  package func forget(_ ref: AttemptRef) {
    state.withLock { state in
      guard let log = state.logs.removeValue(forKey: ref) else { return }
      state.bytes -= log.bytes
    }
  }

  private func change(_ ref: AttemptRef, _ body: (inout AttemptLog, _ room: Int) -> Void) {
    let isNew = state.withLock { state in
      guard var log = state.logs.removeValue(forKey: ref) else { return false }
      let before = (bytes: log.bytes, dropped: log.totalDropped, hadUnsent: log.hasUnsent)
      // What is in the tail may be replaced, so that it counts as room for itself.
      body(&log, max(0, limits.total - state.bytes))
      state.bytes += log.bytes - before.bytes
      state.dropped += log.totalDropped - before.dropped
      if log.hasUnsent, !before.hadUnsent { state.unsent.append(ref) }
      state.logs[ref] = log
      guard log.hasUnsent, !state.isAnnounced else { return false }
      state.isAnnounced = true
      return true
    }
    if isNew { announce() }
  }
}
