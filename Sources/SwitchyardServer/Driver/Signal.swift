import SwitchyardModel
import Synchronization

/// Something that happens once, and can be waited for before and after.
final class Signal: Sendable {
  private struct State {
    var isSet = false
    var last = 0
    var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
  }

  private let state = Mutex(State())

  var isSet: Bool { state.withLock { $0.isSet } }

  func signal() {
    let waiting = state.withLock { state in
      state.isSet = true
      defer { state.waiting = [:] }
      return state.waiting.values
    }
    for continuation in waiting { continuation.resume() }
  }

  /// Returns when it has happened, or the task was cancelled.
  func wait() async {
    let id = state.withLock { state in
      state.last += 1
      return state.last
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if state.isSet || Task.isCancelled { return true }
          state.waiting[id] = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiting.removeValue(forKey: id) }?.resume()
    }
  }

  /// Returns when it has happened, at the latest after the span.
  func wait(atMost span: Span) async {
    await withTaskGroup { group in
      group.addTask { await self.wait() }
      group.addTask { try? await Task.sleep(for: .nanoseconds(max(span.nanoseconds, 0))) }
      await group.next()
      group.cancelAll()
    }
  }
}
