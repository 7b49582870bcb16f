import SwitchyardCore
import Synchronization

/// Who waits for the core's answer, by token.
final class PendingRequests: Sendable {
  typealias Continuation = CheckedContinuation<ServerReply, Never>

  private struct State {
    var last: Token = 0
    var waiting: [Token: Continuation] = [:]
  }

  private let state = Mutex(State())

  func add(_ continuation: Continuation) -> Token {
    state.withLock { state in
      state.last += 1
      state.waiting[state.last] = continuation
      return state.last
    }
  }

  func take(_ token: Token) -> Continuation? { state.withLock { $0.waiting.removeValue(forKey: token) } }
}
