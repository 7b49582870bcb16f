import SwitchyardModel

/// Streams the log of an instance: of one attempt, or of one after the other as they come.
struct LogFollower: Sendable {
  let api: APIContext
  let instance: InstanceID
  /// Nil: the current attempt, and those that follow it.
  let attempt: UInt32?

  /// - Parameter window: which bytes of all that it would write.
  func run(
    follow: Bool, _ window: ByteWindow, _ write: @Sendable ([UInt8]) async throws -> Void
  ) async throws {
    var window = window
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
        position = try await copy(current, from: position, &window, write)
        while current < wanted {
          current += 1
          position = try await copy(current, from: 0, &window, write)
        }
        reading = current
        if isLast || window.isOver { return }
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
    _ attempt: UInt32, from start: Int, _ window: inout ByteWindow, _ write: @Sendable ([UInt8]) async throws -> Void
  ) async throws -> Int {
    var position = start
    while true {
      // For as long as its reader takes to read it.
      let seat = try await seat()
      defer { withExtendedLifetime(seat) {} }
      let (bytes, next) = api.logs.read(AttemptRef(instance: instance, attempt: attempt), from: position)
      if bytes.isEmpty || window.isOver { return next }
      let wanted = window.take(bytes)
      if !wanted.isEmpty { try await write(wanted) }
      position = next
    }
  }

  /// Room for a piece of a log, when there is some.
  private func seat() async throws -> Seats.Seat {
    while true {
      do throws(APIError) {
        // With the chunk that it may be longer by; and twice: the connection has a copy.
        return try api.admission.logs.take(4 * LogStore.pieceBytes)
      } catch {
        try await Task.sleep(for: .milliseconds(100))
      }
    }
  }
}

/// A part of a stream of bytes.
struct ByteWindow: Sendable {
  /// Bytes that come before it.
  private var offset: Int
  /// Bytes that are left of it; nil: all that come.
  private var count: Int?

  init(offset: Int, count: Int?) {
    self.offset = offset
    self.count = count
  }

  var isOver: Bool { count == 0 }

  /// What of the next bytes is in it.
  mutating func take(_ bytes: [UInt8]) -> [UInt8] {
    let skipped = min(offset, bytes.count)
    offset -= skipped
    let wanted = bytes.dropFirst(skipped).prefix(count ?? .max)
    if let count { self.count = count - wanted.count }
    return Array(wanted)
  }
}
