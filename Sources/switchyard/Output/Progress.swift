import Foundation
import Synchronization

/// Says what takes its time, once it has taken a second: on a terminal's standard error, over itself, and gone when
/// it is done. Where standard error is no terminal nothing is said.
final class Progress: Sendable {
  private struct State {
    var done: Int?
    var total: Int?
    var isDrawn = false
  }

  private let what: String
  private let start = ContinuousClock.now
  private let state: Mutex<State>

  private init(_ what: String, total: Int?) {
    self.what = what
    state = Mutex(State(done: total == nil ? nil : 0, total: total))
  }

  /// - Parameters:
  ///   - what: as "applying jobs".
  ///   - total: how many steps there are, where it is known.
  ///   - body: the work; it may tell how far it is.
  static func during<T>(
    _ what: String, total: Int? = nil, _ body: (Progress) async throws -> T
  ) async rethrows -> T {
    let progress = Progress(what, total: total)
    guard Terminal.isErrors else { return try await body(progress) }
    let pen = Task {
      try await Task.sleep(for: .seconds(1))
      while true {
        progress.draw()
        try await Task.sleep(for: .milliseconds(200))
      }
    }
    defer {
      pen.cancel()
      progress.erase()
    }
    return try await body(progress)
  }

  /// So many steps are done, of so many if that is known by now.
  func reached(_ done: Int, of total: Int? = nil) {
    state.withLock {
      $0.done = done
      $0.total = total ?? $0.total
    }
  }

  private func draw() {
    let (done, total) = state.withLock { state in
      state.isDrawn = true
      return (state.done, state.total)
    }
    let seconds = (ContinuousClock.now - start).components.seconds
    let count =
      switch (done, total) {
      case (let done?, let total?) where total > 0: " \(done)/\(total) (\(done * 100 / total) %)"
      case (let done?, _): " \(done)"
      default: ""
      }
    write("\r\(what)\(count) … \(seconds) s\u{1B}[K")
  }

  private func erase() {
    if state.withLock({ $0.isDrawn }) { write("\r\u{1B}[K") }
  }

  private func write(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}
