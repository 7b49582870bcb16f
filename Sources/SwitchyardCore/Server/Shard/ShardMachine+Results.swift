import SwitchyardModel

/// Ends of attempts: what follows from an outcome, and what is said once that is durable.
extension ShardMachine {
  /// A worker took the attempt over.
  mutating func accepted(
    _ attempt: AttemptRef, by ref: WorkerRef, startedAt: Timestamp, _ board: inout Switchboard
  ) {
    guard let index = held(attempt, by: ref) else { return board.count("accepted.stale") }
    guard entries.values[index].acceptedAt == nil else { return }
    entries.values[index].instance.startedAt = startedAt
    entries.values[index].acceptedAt = board.now.boot
    observe(.accepted, attempt.instance, &board)
    board.publish(.started(attempt, worker: ref, startedAt: startedAt))
  }

  /// Where the attempt is held as placed on this worker.
  private func held(_ attempt: AttemptRef, by ref: WorkerRef) -> Dictionary<InstanceID, Entry>.Index? {
    guard let index = entries.index(forKey: attempt.instance),
      entries.values[index].instance.attempt == attempt.attempt, entries.values[index].instance.worker == ref
    else { return nil }
    switch entries.values[index].stage {
    case .placed, .requestingStop, .finishing, .rereading: return index
    default: return nil
    }
  }

  /// Returns false when the result changes nothing, because it is of an attempt that is over.
  mutating func result(_ result: AttemptResult, from ref: WorkerRef, _ board: inout Switchboard) -> Bool {
    guard let index = held(result.attempt, by: ref) else { return false }
    switch entries.values[index].stage {
    case .placed: take(result, from: ref, &board)
    case .finishing: entries.values[index].owesAck = true
    default:
      let isKnown = entries.values[index].deferred.contains { if case .result = $0 { true } else { false } }
      if !isKnown { entries.values[index].deferred.append(.result(result, ref)) }
    }
    return true
  }

  mutating func take(_ result: AttemptResult, from ref: WorkerRef, _ board: inout Switchboard) {
    let id = result.attempt.instance
    guard let index = entries.index(forKey: id) else { return }
    entries.values[index].owesAck = result.outcome != .rejected
    let (outcome, next) = Ending.next(
      after: result.outcome, began: (result.startedAt ?? entries.values[index].instance.startedAt) != nil,
      entries.values[index], board.configuration, at: board.now.wall, &board.random)
    finish(
      id, outcome, next, startedAt: result.startedAt, endedAt: result.endedAt, result: result.result,
      detail: result.detail, &board)
  }

  /// What an incarnation held is lost to it.
  mutating func lose(_ id: InstanceID, _ loss: Loss, _ ref: WorkerRef, _ board: inout Switchboard) {
    guard let index = entries.index(forKey: id), entries.values[index].instance.worker == ref else { return }
    guard entries.values[index].stage == .placed else {
      entries.values[index].deferred.append(.lost(loss, ref))
      return
    }
    let told: AttemptOutcome
    let detail: String
    switch loss {
    case .lost(let reason): (told, detail) = (.lost, reason)
    case .neverArrived: (told, detail) = (.superseded, "it never reached its worker")
    }
    let (outcome, next) = Ending.next(
      after: told, began: true, entries.values[index], board.configuration, at: board.now.wall, &board.random)
    finish(id, outcome, next, startedAt: nil, endedAt: board.now.wall, result: nil, detail: detail, &board)
  }

  /// Commits the end of the attempt that is placed.
  mutating func finish(
    _ id: InstanceID, _ outcome: AttemptOutcome, _ next: Finish.Next, startedAt: Timestamp?, endedAt: Timestamp,
    result: String?, detail: String?, _ board: inout Switchboard
  ) {
    guard let index = entries.index(forKey: id), let ref = entries.values[index].instance.worker else { return }
    entries.values[index].stage = .finishing
    if outcome == .rejected { entries.values[index].rejections = min(entries.values[index].rejections + 1, 7) }
    var chain: ChainAdvance?
    if case .end = next { chain = chainAdvance(of: id, at: board.now.wall) }
    board.commit(
      shard,
      .finish(
        Finish(
          instance: id, attempt: entries.values[index].instance.attempt, worker: ref, outcome: outcome, next: next,
          startedAt: startedAt ?? entries.values[index].instance.startedAt, endedAt: endedAt, result: result,
          detail: detail, chain: chain)))
  }

  /// What the end of this instance does to the fixed delay that may stand at it.
  func chainAdvance(of id: InstanceID, at now: Timestamp) -> ChainAdvance? {
    guard let index = entries.index(forKey: id), var delay = entries.values[index].delay else { return nil }
    let job = entries.values[index].instance.job
    if case .fixedDelay(let newer) = jobs[job]?.job.spec.schedule { delay = newer }
    return ChainAdvance(job: job, predecessor: id, nextFire: now + delay)
  }

  // MARK: The outcome

  mutating func finished(_ finish: Finish, _ result: OpResult, _ board: inout Switchboard) {
    let id = finish.instance
    guard let index = entries.index(forKey: id), entries.values[index].stage == .finishing else { return }
    let ref = finish.worker
    let attempt = entries.values[index].attempt
    entries.values[index].instance.startedAt = finish.startedAt
    guard result == .applied else {
      board.count("finish.conflict")
      return reread(id, &board)
    }
    leavePlaced(id, Ending.event(for: finish.outcome), &board)
    if entries.values[index].owesAck { board.send(.resultAck(attempt), to: ref) }
    entries.values[index].owesAck = false
    entries.values[index].tried.insert(ref.name, at: 0)
    if entries.values[index].tried.count > 8 { entries.values[index].tried.removeLast() }
    switch finish.next {
    case .end(let state):
      // Before those are answered who ask for it.
      if let chain = finish.chain { chainAdvanced(chain, &board) }
      conclude(id, state, &board)
    case .hold: conclude(id, .held, &board)
    case .wait(let readyAt, let tries):
      entries.values[index].stage = .waiting
      entries.values[index].instance.state = .waiting
      entries.values[index].instance.readyAt = readyAt
      entries.values[index].instance.tries = tries
      entries.values[index].instance.startedAt = nil
      entries.values[index].acceptedAt = nil
      publish(entries.values[index].instance, &board)
      resume(id, &board)
    }
  }

  /// The instance is over, or held: everybody who waits is told, and memory forgets it.
  mutating func conclude(_ id: InstanceID, _ state: InstanceState, _ board: inout Switchboard) {
    leavePlaced(id, .lost, &board)
    entries[id]?.instance.state = state
    guard let entry = entries[id] else { return }
    if entry.owesAck, let ref = entry.instance.worker { board.send(.resultAck(entry.attempt), to: ref) }
    publish(entry.instance, &board)
    for deferral in entry.deferred {
      switch deferral {
      case .end(let token): board.reply(token, .instance(id, state))
      case .release(let token): board.refuse(token, .conflict, "the instance is \(state.name)")
      case .result(let result, let ref): board.send(.resultAck(result.attempt), to: ref)
      case .lost: break
      case .chain(let job): chainAnswered(job, id, isOver: state.isTerminal, &board)
      }
    }
    drop(id, &board)
  }
}
