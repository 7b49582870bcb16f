import Synchronization

/// The one thread on which a file's `[control]` functions run: opening, creating, destroying.
///
/// Callers wait for an answer, but not for ever: a plugin that never comes back holds up its own file and nothing
/// else. Lanes never call this.
package final class ControlThread: Sendable {
  private let inbox = Inbox<@Sendable () -> Void>()
  private let name: String
  private let state = Mutex(State())

  private struct State {
    var isRunning = false
    var asked: UInt64 = 0
    var done: UInt64 = 0
    /// The latest call that was given up; the thread is stuck until it is done.
    var overdue: UInt64 = 0
  }

  package init(name: String) { self.name = name }

  /// Runs the body on the thread and waits for it.
  ///
  /// - Parameter timeout: in nanoseconds.
  /// - Returns: nil when it did not come back in time (it may still run), or an earlier call has not.
  package func run<Value: Sendable>(timeout: Int64, _ body: @escaping @Sendable () -> Value) -> Value? {
    guard ensureStarted() else { return nil }
    let answer = Answer<Value>()
    let number = state.withLock { state in
      state.asked += 1
      return state.asked
    }
    inbox.put {
      let value = body()
      self.state.withLock { $0.done = max($0.done, number) }
      answer.set(value)
    }
    let value = answer.wait(until: HostClock.now + timeout)
    if value == nil { state.withLock { $0.overdue = max($0.overdue, number) } }
    return value
  }

  /// Runs the body there some time.
  package func later(_ body: @escaping @Sendable () -> Void) {
    if ensureStarted() { inbox.put(body) }
  }

  private func ensureStarted() -> Bool {
    state.withLock { state in
      if state.overdue > state.done { return false }
      if state.isRunning { return true }
      let inbox = inbox
      // Lives as long as the process, as do the files that are loaded.
      state.isRunning = DedicatedThread.start(name) {
        var work: [@Sendable () -> Void] = []
        while true {
          inbox.sleep(until: .max)
          inbox.take(into: &work)
          for item in work { item() }
          work.removeAll()
        }
      }
      return state.isRunning
    }
  }
}

private final class Answer<Value: Sendable>: Sendable {
  private let value = Mutex<Value?>(nil)
  private let ready = Semaphore()

  func set(_ new: Value) {
    value.withLock { $0 = new }
    ready.post()
  }

  func wait(until: Monotonic) -> Value? {
    ready.wait(until: until)
    return value.withLock { $0 }
  }
}
