import SwitchyardModel

/// What workers say on their live streams. Nothing that a worker says is believed beyond what is placed on it.
extension ServerCore {
  mutating func received(_ message: WorkerMessage, _ connection: ConnectionID) {
    guard board.phase == .owning || board.phase == .stopping, let session = board.sessions.live(connection),
      let ref = board.sessions[at: session].record?.ref
    else { return board.count("message.ignored") }
    switch message {
    case .hello: board.count("hello.repeated")
    case .heartbeat(let heartbeat): beat(heartbeat, ref, connection)
    case .accepted(let attempt, let startedAt):
      guard let shard = board.sessions[at: session].placed[attempt.instance] else {
        return board.count("accepted.stale")
      }
      shards[Int(shard.number)].accepted(attempt, by: ref, startedAt: startedAt, &board)
    case .rejected(let attempt, let reason):
      let result = AttemptResult(
        attempt: attempt, outcome: .rejected, startedAt: nil, endedAt: board.now.wall, detail: "rejected: \(reason)")
      if !take(result, session, ref) { board.count("rejected.stale") }
    case .result(let result):
      guard !take(result, session, ref) else { return }
      // It changes nothing, and the worker need not keep it.
      board.count("result.stale")
      board.actions.append(.send(connection, .resultAck(result.attempt)))
    case .log(let chunk): log(chunk, session, connection)
    case .draining:
      guard !board.sessions[at: session].isDraining else { return }
      board.sessions[at: session].isDraining = true
      board.node(.draining(ref))
    case .goodbye: judge(ref.name, .left, .neverArrived)
    }
  }

  /// Returns false when the attempt is not placed there.
  private mutating func take(_ result: AttemptResult, _ session: Int, _ ref: WorkerRef) -> Bool {
    guard let shard = board.sessions[at: session].placed[result.attempt.instance] else { return false }
    return shards[Int(shard.number)].result(HelloBounds.bounded(result), from: ref, &board)
  }

  private mutating func beat(
    _ heartbeat: Heartbeat, _ ref: WorkerRef, _ connection: ConnectionID
  ) {
    let name = ref.name
    board.sessions[name]?.heardAt = board.now.boot
    board.actions.append(.send(connection, .heartbeatAck(sequence: heartbeat.sequence)))
    if !heartbeat.metrics.isEmpty {
      if HelloBounds.fits(heartbeat.metrics) {
        board.node(.metrics(ref, heartbeat.metrics))
      } else {
        board.count("metrics.refused")
      }
    }
    guard board.sessions[name]?.isSuspended == true else { return }
    show(name)
    if board.sessions[name]?.isDraining == true { board.node(.draining(ref)) }
    if let profile = board.sessions[name]?.record?.profile { board.opened(profile) }
    armSession(name)
  }

  private mutating func log(_ chunk: LogChunk, _ session: Int, _ connection: ConnectionID) {
    let attempt = chunk.attempt
    let shard = board.sessions[at: session].placed[attempt.instance]
    let isHeld = shard.map { shards[Int($0.number)].holds(attempt) } ?? false
    guard isHeld || board.sessions[at: session].recent.contains(attempt) else {
      board.count("log.stale")
      let end = chunk.offset.addingReportingOverflow(UInt64(chunk.bytes.count))
      board.actions.append(.send(connection, .logAck(attempt, offset: end.overflow ? .max : end.partialValue)))
      return
    }
    board.actions.append(.appendLog(connection, chunk))
  }
}
