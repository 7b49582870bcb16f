import SwitchyardModel

/// Streams the log of an instance: of one attempt, or of one after the other as they come.
struct LogFollower: Sendable {
  let api: APIContext
  let instance: InstanceID
  /// Nil: the current attempt, and those that follow it.
  let attempt: UInt32?

  func run(follow: Bool, _ write: @Sendable ([UInt8]) async throws -> Void) async throws {
    var reading: UInt32?
    var position = 0
    try await api.observers.waiters.watching(instance) { ended in
      while true {
        let changes = api.logs.changes(of: instance)
        let state = try await api.instance(instance)
        let isLast = !follow || state.state.isTerminal || (attempt.map { $0 < state.attempt } ?? false)
        // A worker sends an attempt's log before its result: now it is in the queue, if not in the file.
        if isLast { await api.logs.settled() }
        let wanted = attempt ?? state.attempt
        var current = reading ?? wanted
        position = try await copy(current, from: position, write)
        while current < wanted {
          current += 1
          position = try await copy(current, from: 0, write)
        }
        reading = current
        if isLast { return }
        await withTaskGroup { group in
          group.addTask { await ended.wait() }
          group.addTask { for await _ in changes { break } }
          // The end of one whose outcome was unknown for a time is not told.
          group.addTask { try? await Task.sleep(for: .seconds(10)) }
          await group.next()
          group.cancelAll()
        }
        try Task.checkCancellation()
      }
    }
  }

  private func copy(
    _ attempt: UInt32, from start: Int, _ write: @Sendable ([UInt8]) async throws -> Void
  ) async throws -> Int {
    var position = start
    while true {
      let (bytes, next) = api.logs.read(AttemptRef(instance: instance, attempt: attempt), from: position)
      if bytes.isEmpty { return next }
      try await write(bytes)
      position = next
    }
  }
}
