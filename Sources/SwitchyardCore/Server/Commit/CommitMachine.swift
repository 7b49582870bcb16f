import SwitchyardModel

/// Group commit: commits at once when idle, and gathers only while a commit is in flight.
///
/// ```
/// idle ─► in flight ─► done: idle, or the next group at once
///             │  ▲ └── expelled, unknown: the owner resigns
///    aborted  ▼  │ timer
///           backing off (the same group again)
/// ```
///
/// Nobody needs a ticket: what an operation means to whom is told by the operation itself, which is handed
/// back with its result.
struct CommitMachine: Sendable {
  /// What the end of a commit means for its owner.
  enum Ending: Sendable {
    /// Of an older commit: nothing.
    case ignored
    /// Durable, each with its result, in order.
    case done([StoreOp], [OpResult])
    /// Nothing was applied; the group goes out again at the timer.
    case backsOff
    /// All that was held in memory may be wrong.
    case resign(reason: String)
  }

  private struct Flight: Sendable {
    var token: Token?
    var group: CommitGroup
  }

  private let server: ServerRef
  private let groupLimit: Int
  private var full = Fifo<[StoreOp]>()
  private var filling: [StoreOp] = []
  private var flight: Flight?
  private var failures: UInt32 = 0
  private var backsOff = false
  private var refusedSince: BootTime?
  /// Why the store has not written anything for a second and more; nil while it writes.
  private(set) var refusal: String?
  /// Operations that wait or are in flight.
  private(set) var pending = 0

  /// Shorter refusals are hidden from those who wait.
  private static let patience = Span.seconds(1)

  init(server: ServerRef, groupLimit: Int) {
    self.server = server
    self.groupLimit = max(1, groupLimit)
  }

  var isIdle: Bool { pending == 0 }

  mutating func add(_ op: StoreOp) {
    pending += 1
    filling.append(op)
    guard filling.count >= groupLimit else { return }
    full.append(filling)
    filling = []
  }

  /// Sends the next group, unless one is under way.
  mutating func flush(lastToken: inout Token, into actions: inout ServerActions) {
    guard flight == nil else { return }
    let ops: [StoreOp]
    if let next = full.popFirst() {
      ops = next
    } else if !filling.isEmpty {
      ops = filling
      filling = []
    } else {
      return
    }
    flight = Flight(token: nil, group: CommitGroup(server: server, ops: ops))
    send(lastToken: &lastToken, into: &actions)
  }

  /// The time to try an aborted group again has come.
  mutating func retry(lastToken: inout Token, into actions: inout ServerActions) {
    guard backsOff else { return }
    backsOff = false
    send(lastToken: &lastToken, into: &actions)
  }

  private mutating func send(lastToken: inout Token, into actions: inout ServerActions) {
    guard let group = flight?.group else { return }
    lastToken += 1
    flight?.token = lastToken
    actions.append(.commit(lastToken, group))
  }

  /// Takes operations back, while an aborted group waits to go out again: nothing of it was applied.
  ///
  /// The group goes out even when nothing is left of it: an empty one shows whether the store writes again.
  ///
  /// - Returns: what was taken back, in order.
  mutating func withdraw(where isMeant: (StoreOp) -> Bool) -> [StoreOp] {
    guard backsOff, let group = flight?.group else { return [] }
    var queued = Fifo<[StoreOp]>()
    var withdrawn: [StoreOp] = []
    func keep(_ ops: [StoreOp]) -> [StoreOp] {
      ops.filter { op in
        guard isMeant(op) else { return true }
        withdrawn.append(op)
        return false
      }
    }
    flight?.group.ops = keep(group.ops)
    while let ops = full.popFirst() {
      let kept = keep(ops)
      if !kept.isEmpty { queued.append(kept) }
    }
    full = queued
    filling = keep(filling)
    pending -= withdrawn.count
    return withdrawn
  }

  mutating func committed(
    _ token: Token, _ outcome: CommitOutcome, at now: Instants, random: inout SeededRandom,
    into actions: inout ServerActions
  ) -> Ending {
    guard let flight, flight.token == token else { return .ignored }
    switch outcome {
    case .done(let results):
      guard results.count == flight.group.ops.count else {
        return .resign(reason: "the store gave \(results.count) answers to \(flight.group.ops.count) operations")
      }
      failures = 0
      refusedSince = nil
      refusal = nil
      pending -= results.count
      self.flight = nil
      return .done(flight.group.ops, results)
    case .aborted(let reason):
      failures = min(failures + 1, 30)
      refusedSince = refusedSince ?? now.boot
      if let since = refusedSince, now.boot - since >= Self.patience { refusal = reason }
      self.flight?.token = nil
      backsOff = true
      actions.append(.arm(.commitRetry, now.boot + backoff(&random)))
      return .backsOff
    case .expelled: return .resign(reason: "this server was expelled")
    case .unknown(let reason): return .resign(reason: "a commit has no known outcome: \(reason)")
    }
  }

  /// 5 to 10 ms, doubled by each failure up to a second, half of it random.
  private func backoff(_ random: inout SeededRandom) -> Span {
    let ceiling = min(Span.seconds(1), .milliseconds(10) * (1 << Int64(min(failures, 8) - 1)))
    let half = ceiling.nanoseconds / 2
    return Span(nanoseconds: half + Int64(random.below(UInt64(half))))
  }
}
