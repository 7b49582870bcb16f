import SwitchyardModel

/// Streams the log of an instance: of one attempt, or of one after the other as they come.
struct LogFollower: Sendable {
  let api: APIContext
  let instance: InstanceID
  /// Nil: the current attempt, and those that follow it.
  let attempt: UInt32?

  func run(follow: Bool, _ write: @Sendable ([UInt8]) async throws -> Void) async throws {
    var current: UInt32 = 0
    var position = 0
    let changes = api.logs.changes(of: instance)
    try await api.notices.watching(instance) { ended in
      while true {
        let state = try await api.instance(instance)
        let wanted = attempt ?? state.attempt
        if current != wanted { (current, position) = (wanted, 0) }
        position = try await copy(current, from: position, write)
        if !follow || state.state.isTerminal || (attempt.map { $0 < state.attempt } ?? false) { return }
        await withTaskGroup { group in
          group.addTask { await ended.wait() }
          group.addTask { for await _ in changes { break } }
          await group.next()
          group.cancelAll()
        }
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
