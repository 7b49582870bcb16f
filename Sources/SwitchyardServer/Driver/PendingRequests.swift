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

  func nextToken() -> Token {
    state.withLock { state in
      state.last += 1
      return state.last
    }
  }

  func add(_ continuation: Continuation, as token: Token) { state.withLock { $0.waiting[token] = continuation } }

  func take(_ token: Token) -> Continuation? { state.withLock { $0.waiting.removeValue(forKey: token) } }
}
