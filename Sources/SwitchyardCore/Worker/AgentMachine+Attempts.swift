import SwitchyardModel

/// Assignments, stops, ends and their acknowledgement.
extension AgentMachine {
  mutating func assigned(
    _ assignment: Assignment, on number: ConnectionNumber, at now: Instants, random: inout SeededRandom,
    into actions: inout AgentActions
  ) {
    let ref = assignment.attempt
    guard admits(assignment.epoch, of: assignment.shard) else { return }
    if let double = held[ref] {
      counters.doubles += 1
      answerDouble(double, on: number, at: now, into: &actions)
      return
    }
    let others = held.attempts(of: ref.instance)
    guard others.last.map({ $0.ref.attempt < ref.attempt }) ?? true else {
      counters.stale += 1
      return
    }
    let slots = max(1, assignment.definition.spec.slots)
    if let reason = objection(to: assignment, slots: slots, at: now) {
      for other in others where other.isActive { orderStop(other, into: &actions) }
      reject(ref, reason, on: number, at: now, random: &random, into: &actions)
      return
    }
    held.put(
      HeldAttempt(
        ref: ref, slots: slots, whenIsolated: assignment.definition.spec.whenIsolated, stage: .starting))
    actions.append(.spawn(assignment))
  }

  private func objection(to assignment: Assignment, slots: UInt32, at now: Instants) -> String? {
    let ref = assignment.attempt
    if rejected.contains(ref) { return "rejected before" }
    if draining { return "draining" }
    guard lease.isValid(at: now.boot) else { return "the lease has run out" }
    if held.attempts(of: ref.instance).contains(where: \.isActive) { return "an earlier attempt still runs" }
    let type = assignment.definition.spec.processor.type
    guard profile.processors.contains(type) else { return "processor \(type) is not allowed here" }
    guard held.usedSlots + UInt64(slots) <= UInt64(profile.slots) else { return "no free slot" }
    guard held.finishedCount < configuration.resultLimit else { return "too many unacknowledged results" }
    return nil
  }

  private mutating func reject(
    _ ref: AttemptRef, _ reason: String, on number: ConnectionNumber, at now: Instants,
    random: inout SeededRandom, into actions: inout AgentActions
  ) {
    counters.rejected += 1
    guard rejected.count < configuration.rejectionLimit || rejected.contains(ref) else {
      loseLink(close: true, at: now, random: &random, into: &actions)
      return
    }
    rejected.insert(ref)
    actions.append(.send(number, .rejected(ref, reason: reason)))
  }

  /// The server does not know that the first one arrived: say it again.
  private mutating func answerDouble(
    _ attempt: HeldAttempt, on number: ConnectionNumber, at now: Instants, into actions: inout AgentActions
  ) {
    switch attempt.stage {
    case .starting: break
    case .running(let since): actions.append(.send(number, .accepted(attempt.ref, startedAt: since)))
    case .finished(let result, _): send(result, of: attempt, on: number, at: now, into: &actions)
    }
  }

  mutating func stop(
    _ ref: AttemptRef, shard: Shard, epoch: Epoch, on number: ConnectionNumber, at now: Instants,
    into actions: inout AgentActions
  ) {
    guard admits(epoch, of: shard) else { return }
    if let attempt = held[ref] {
      if attempt.isActive {
        orderStop(attempt, into: &actions)
      } else {
        answerDouble(attempt, on: number, at: now, into: &actions)
      }
      return
    }
    guard held.finishedCount < configuration.resultLimit else {
      counters.ignored += 1
      return
    }
    // Kept like every result, so that an assignment of it that comes later does not run.
    let result = AttemptResult(
      attempt: ref, outcome: .stopped, startedAt: nil, endedAt: now.wall, detail: "stopped before it began")
    let attempt = HeldAttempt(ref: ref, slots: 0, whenIsolated: .kill, stage: .finished(result, sentAt: nil))
    held.put(attempt)
    send(result, of: attempt, on: number, at: now, into: &actions)
  }

  private mutating func orderStop(_ attempt: HeldAttempt, into actions: inout AgentActions) {
    guard !attempt.stopOrdered, !attempt.isolationOrdered else { return }
    var attempt = attempt
    attempt.stopOrdered = true
    held.put(attempt)
    actions.append(.kill(attempt.ref, .stopped))
  }

  mutating func spawned(_ ref: AttemptRef, at startedAt: Timestamp, into actions: inout AgentActions) {
    guard var attempt = held[ref], case .starting = attempt.stage else {
      counters.ignored += 1
      return
    }
    attempt.stage = .running(since: startedAt)
    held.put(attempt)
    if let number = liveConnection { actions.append(.send(number, .accepted(ref, startedAt: startedAt))) }
  }

  mutating func ended(_ result: AttemptResult, at now: Instants, into actions: inout AgentActions) {
    guard var attempt = held[result.attempt], attempt.isActive else {
      counters.ignored += 1
      return
    }
    var result = result
    result.startedAt = result.startedAt ?? attempt.startedAt
    result.outcome = outcome(of: attempt, told: result.outcome)
    attempt.stage = .finished(result, sentAt: nil)
    held.put(attempt)
    if phase == .judged {
      discard(attempt.ref, into: &actions)
      renewIfIdle(into: &actions)
    } else if let number = liveConnection {
      send(result, of: attempt, on: number, at: now, into: &actions)
    }
  }

  /// What the driver saw is the truth, except that a failure under a kill is the kill's.
  private func outcome(of attempt: HeldAttempt, told: AttemptOutcome) -> AttemptOutcome {
    guard attempt.stopOrdered || attempt.isolationOrdered else { return told }
    switch told {
    case .failed, .stopped, .isolated: return attempt.stopOrdered ? .stopped : .isolated
    default: return told
    }
  }

  mutating func resultAcked(_ ref: AttemptRef, into actions: inout AgentActions) {
    guard let attempt = held[ref], !attempt.isActive else {
      counters.ignored += 1
      return
    }
    discard(ref, into: &actions)
    leaveIfDone(into: &actions)
  }

  /// Sends the results that this stream has not carried, or not lately.
  ///
  /// - Parameter age: repeats only those sent longer ago than this; nil: all.
  mutating func sendResults(
    olderThan age: Span?, on number: ConnectionNumber, at now: Instants, into actions: inout AgentActions
  ) {
    guard held.finishedCount > 0 else { return }
    for attempt in held.all {
      guard case .finished(let result, let sentAt) = attempt.stage else { continue }
      if let age, let sentAt, now.boot - sentAt < age { continue }
      send(result, of: attempt, on: number, at: now, into: &actions)
    }
  }

  private mutating func send(
    _ result: AttemptResult, of attempt: HeldAttempt, on number: ConnectionNumber, at now: Instants,
    into actions: inout AgentActions
  ) {
    var attempt = attempt
    attempt.stage = .finished(result, sentAt: now.boot)
    held.put(attempt)
    actions.append(.send(number, .result(result)))
  }
}
