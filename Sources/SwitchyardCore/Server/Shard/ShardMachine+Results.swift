import SwitchyardModel

/// Ends of attempts: what follows from an outcome, and what is said once that is durable.
extension ShardMachine {
  /// A worker took the attempt over.
  mutating func accepted(
    _ attempt: AttemptRef, by ref: WorkerRef, startedAt: Timestamp, _ board: inout Switchboard
  ) {
    guard let index = held(attempt, by: ref) else { return board.count("accepted.stale") }
    guard entries[at: index].acceptedAt == nil else { return }
    entries[at: index].instance.startedAt = startedAt
    entries[at: index].acceptedAt = board.now.boot
    observe(.accepted, attempt.instance, &board)
    let instance = entries[at: index].instance
    board.publish(.started(attempt, job: instance.job, app: instance.app, worker: ref, startedAt: startedAt))
    board.measure(.started, board.now.boot - entries[at: index].dispatchedAt)
  }

  /// Where the attempt is held as placed on this worker.
  private func held(_ attempt: AttemptRef, by ref: WorkerRef) -> Int? {
    guard let index = entries.index(of: attempt.instance),
      entries[at: index].instance.attempt == attempt.attempt, entries[at: index].instance.worker == ref
    else { return nil }
    switch entries[at: index].stage {
    case .placed, .requestingStop, .finishing, .rereading: return index
    default: return nil
    }
  }

  /// Whether this is the attempt that the instance is in.
  func holds(_ attempt: AttemptRef) -> Bool {
    entries.index(of: attempt.instance).map { entries[at: $0].instance.attempt == attempt.attempt } ?? false
  }

  /// Returns false when the result changes nothing, because it is of an attempt that is over.
  mutating func result(_ result: AttemptResult, from ref: WorkerRef, _ board: inout Switchboard) -> Bool {
    guard let index = held(result.attempt, by: ref) else { return false }
    switch entries[at: index].stage {
    case .placed: take(result, from: ref, &board)
    case .finishing: entries[at: index].owesAck = true
    default:
      let isKnown = entries[at: index].deferred.contains { if case .result = $0 { true } else { false } }
      if !isKnown { entries[at: index].deferred.append(.result(result, ref)) }
    }
    return true
  }

  mutating func take(_ result: AttemptResult, from ref: WorkerRef, _ board: inout Switchboard) {
    let id = result.attempt.instance
    guard let index = entries.index(of: id) else { return }
    entries[at: index].owesAck = result.outcome != .rejected
    let (outcome, next) = Ending.next(
      after: result.outcome, began: (result.startedAt ?? entries[at: index].instance.startedAt) != nil,
      entries[at: index], board.configuration, at: board.now.wall, &board.random)
    finish(
      id, outcome, next, startedAt: result.startedAt, endedAt: result.endedAt, result: result.result,
      detail: result.detail, &board)
  }

  /// What an incarnation held is lost to it.
  mutating func lose(_ id: InstanceID, _ loss: Loss, _ ref: WorkerRef, _ board: inout Switchboard) {
    guard let index = entries.index(of: id), entries[at: index].instance.worker == ref else { return }
    guard entries[at: index].stage == .placed else {
      entries[at: index].deferred.append(.lost(loss, ref))
      return
    }
    let told: AttemptOutcome
    let detail: String
    switch loss {
    case .lost(let reason): (told, detail) = (.lost, reason)
    case .neverArrived: (told, detail) = (.superseded, "it never reached its worker")
    }
    let (outcome, next) = Ending.next(
      after: told, began: true, entries[at: index], board.configuration, at: board.now.wall, &board.random)
    finish(id, outcome, next, startedAt: nil, endedAt: board.now.wall, result: nil, detail: detail, &board)
  }

  /// Commits the end of the attempt that is placed.
  mutating func finish(
    _ id: InstanceID, _ outcome: AttemptOutcome, _ next: Finish.Next, startedAt: Timestamp?, endedAt: Timestamp,
    result: String?, detail: String?, _ board: inout Switchboard
  ) {
    guard let index = entries.index(of: id), let ref = entries[at: index].instance.worker else { return }
    entries[at: index].stage = .finishing
    if outcome == .rejected { entries[at: index].rejections = min(entries[at: index].rejections + 1, 7) }
    let detail = countLosses(
      at: index, outcome, began: startedAt ?? entries[at: index].instance.startedAt, detail,
      board.configuration)
    var chain: ChainAdvance?
    if case .end = next { chain = chainAdvance(of: id, at: board.now.wall) }
    board.commit(
      shard,
      .finish(
        Finish(
          instance: id, attempt: entries[at: index].instance.attempt, worker: ref, outcome: outcome, next: next,
          startedAt: startedAt ?? entries[at: index].instance.startedAt, endedAt: endedAt, result: result,
          detail: detail, chain: chain)))
  }

  /// Counts losses in a row; returns the detail, with their number where there were too many.
  private mutating func countLosses(
    at index: Int, _ outcome: AttemptOutcome, began: Timestamp?, _ detail: String?,
    _ configuration: ServerConfiguration
  ) -> String? {
    switch outcome {
    case .succeeded, .failed, .timedOut, .stopped: entries[at: index].losses = 0
    case .rejected, .superseded: break
    case .isolated where began == nil: break
    case .lost, .isolated:
      guard Ending.isTooMany(entries[at: index].losses, configuration) else {
        entries[at: index].losses += 1
        break
      }
      return "lost \(configuration.lossLimit) times in a row; the last time: \(detail ?? "its worker was lost")"
    }
    return detail
  }

  /// What the end of this instance does to the fixed delay that may stand at it.
  func chainAdvance(of id: InstanceID, at now: Timestamp) -> ChainAdvance? {
    guard let index = entries.index(of: id), let delay = entries[at: index].delay else { return nil }
    let job = entries[at: index].definition.job
    var next: Timestamp? = now + delay
    let change = jobWork[job]?.first?.edit
    if let newer = change ?? jobs[job]?.job.spec, case .fixedDelay(let delay) = newer.schedule {
      next = newer.dueAfterRun(endedAt: now, delay: delay) ?? (change == nil ? nil : now + delay)
    }
    // Where the job is not in memory, or is being changed, its life is not known: it is looked at when that time comes.
    return next.map { ChainAdvance(job: job, predecessor: id, nextFire: $0) }
  }

  // MARK: The outcome

  /// The instance is over, and so the delay that may stand at it goes on.
  ///
  /// - Parameter advanced: how that was stored. Nil: it was not, and the job is looked at; the version that ran may be
  ///   outdated, or somebody else ended the run, with the due time that follows or without.
  mutating func concludeRun(
    _ id: InstanceID, _ state: InstanceState, advanced: ChainAdvance?, _ board: inout Switchboard
  ) {
    let job = advanced == nil ? entries[id].flatMap { $0.delay == nil ? nil : $0.instance.job } : nil
    // Before those are answered who ask for it.
    if let advanced { chainAdvanced(advanced, &board) }
    conclude(id, state, &board)
    guard let job else { return }
    refresh(job, &board)
    add(.mendChain(id), for: job, &board)
  }

  mutating func finished(_ finish: Finish, _ result: OpResult, _ board: inout Switchboard) {
    let id = finish.instance
    guard let index = entries.index(of: id), entries[at: index].stage == .finishing else { return }
    let ref = finish.worker
    let attempt = entries[at: index].attempt
    entries[at: index].instance.startedAt = finish.startedAt
    guard result == .applied else {
      board.count("finish.conflict")
      return reread(id, &board)
    }
    leavePlaced(id, Ending.event(for: finish.outcome), &board)
    board.publish(
      .attemptEnded(
        attempt, job: entries[at: index].instance.job, app: entries[at: index].instance.app, worker: ref,
        outcome: finish.outcome, ran: finish.startedAt.map { finish.endedAt - $0 }))
    if entries[at: index].owesAck { board.send(.resultAck(attempt), to: ref) }
    entries[at: index].owesAck = false
    entries[at: index].tried.insert(ref.name, at: 0)
    if entries[at: index].tried.count > 8 { entries[at: index].tried.removeLast() }
    switch finish.next {
    case .end(let state):
      concludeRun(id, state, advanced: finish.chain, &board)
    case .hold: conclude(id, .held, &board)
    case .wait(let readyAt, let tries):
      yield(id, &board)
      entries[at: index].stage = .waiting
      entries[at: index].instance.state = .waiting
      entries[at: index].instance.readyAt = readyAt
      entries[at: index].instance.tries = tries
      entries[at: index].instance.startedAt = nil
      entries[at: index].acceptedAt = nil
      publish(entries[at: index].instance, &board)
      resume(id, &board)
    }
  }

  /// The instance is over, or held: everybody who waits is told, and memory forgets it.
  mutating func conclude(_ id: InstanceID, _ state: InstanceState, _ board: inout Switchboard) {
    leavePlaced(id, .lost, &board)
    guard let index = entries.index(of: id) else { return }
    entries[at: index].instance.state = state
    if entries[at: index].owesAck, let ref = entries[at: index].instance.worker {
      board.send(.resultAck(entries[at: index].attempt), to: ref)
    }
    publish(entries[at: index].instance, &board)
    leaveLine(id, of: entries[at: index].definition.job, &board)
    for deferral in entries[at: index].deferred {
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
