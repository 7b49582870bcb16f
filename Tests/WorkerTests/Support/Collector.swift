import Synchronization

/// What happened, for a test to wait for.
final class Collector<Element: Sendable>: Sendable {
  private struct Waiter {
    var matches: @Sendable (Element) -> Bool
    var continuation: CheckedContinuation<Element, Never>
  }

  private struct State {
    var elements: [Element] = []
    var waiters: [Waiter] = []
  }

  private let state = Mutex(State())

  var all: [Element] { state.withLock { $0.elements } }

  func append(_ element: Element) {
    let met = state.withLock { state in
      state.elements.append(element)
      let met = state.waiters.filter { $0.matches(element) }
      state.waiters.removeAll { $0.matches(element) }
      return met
    }
    for waiter in met { waiter.continuation.resume(returning: element) }
  }

  /// The first element that matches, now or when it comes.
  func first(where matches: @escaping @Sendable (Element) -> Bool) async -> Element {
    await withCheckedContinuation { continuation in
      let found = state.withLock { state in
        let found = state.elements.first(where: matches)
        if found == nil { state.waiters.append(Waiter(matches: matches, continuation: continuation)) }
        return found
      }
      if let found { continuation.resume(returning: found) }
    }
  }
}
