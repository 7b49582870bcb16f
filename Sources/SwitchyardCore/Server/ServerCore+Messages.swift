import SwitchyardModel

/// What workers say on their live streams. Nothing that a worker says is believed beyond what is placed on it.
extension ServerCore {
  mutating func received(_ message: WorkerMessage, _ connection: ConnectionID) {
    guard board.phase == .owning || board.phase == .stopping, let name = board.sessions.live(connection),
      let ref = board.sessions[name]?.record?.ref
    else { return board.count("message.ignored") }
    switch message {
    case .hello: board.count("hello.repeated")
    case .heartbeat(let heartbeat): beat(heartbeat, name, ref, connection)
    case .accepted(let attempt, let startedAt):
      guard let shard = board.sessions[name]?.placed[attempt.instance] else { return board.count("accepted.stale") }
      shards[Int(shard.number)].accepted(attempt, by: ref, startedAt: startedAt, &board)
    case .rejected(let attempt, let reason):
      let result = AttemptResult(
        attempt: attempt, outcome: .rejected, startedAt: nil, endedAt: board.now.wall, detail: "rejected: \(reason)")
      if !take(result, name, ref) { board.count("rejected.stale") }
    case .result(let result):
      guard !take(result, name, ref) else { return }
      // It changes nothing, and the worker need not keep it.
      board.count("result.stale")
      board.actions.append(.send(connection, .resultAck(result.attempt)))
    case .log(let chunk): log(chunk, name, connection)
    case .draining:
      guard board.sessions[name]?.isDraining == false else { return }
      board.sessions[name]?.isDraining = true
      board.node(.draining(ref))
    case .goodbye: judge(name, .left, .neverArrived)
    }
  }

  /// Returns false when the attempt is not placed there.
  private mutating func take(_ result: AttemptResult, _ name: String, _ ref: WorkerRef) -> Bool {
    guard let shard = board.sessions[name]?.placed[result.attempt.instance] else { return false }
    return shards[Int(shard.number)].result(HelloBounds.bounded(result), from: ref, &board)
  }

  private mutating func beat(
    _ heartbeat: Heartbeat, _ name: String, _ ref: WorkerRef, _ connection: ConnectionID
  ) {
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

  private mutating func log(_ chunk: LogChunk, _ name: String, _ connection: ConnectionID) {
    guard let session = board.sessions[name] else { return }
    let attempt = chunk.attempt
    let isHeld =
      session.placed[attempt.instance].map { shards[Int($0.number)].entries[attempt.instance]?.attempt == attempt }
      ?? false
    guard isHeld || session.recent.contains(attempt) else {
      board.count("log.stale")
      let end = chunk.offset.addingReportingOverflow(UInt64(chunk.bytes.count))
      board.actions.append(.send(connection, .logAck(attempt, offset: end.overflow ? .max : end.partialValue)))
      return
    }
    board.actions.append(.appendLog(connection, chunk))
  }
}
