import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage

/// Somebody changes rows behind the server's back and with its authority: a hand in the database, or what a bug made memory
/// forget. What the server holds in memory is wrong then; the store is right, and it must find back to it.
extension World {
  func meddle(_ random: inout SeededRandom) -> Bool {
    guard let op = meddling(&random) else { return false }
    return applyByHand(op)
  }

  private func applyByHand(_ op: StoreOp) -> Bool {
    guard let server = checker.owner else { return false }
    let group = CommitGroup(server: server, ops: [op])
    guard case .done(let results) = store.state.apply(group) else { return false }
    trace.say(now, "somebody else: \(describe(op)): \(describe(results))")
    if observer != nil { coverage.add(group.ops, results) }
    checker.applied(group, results, store: store.state, now)
    if let id = op.verb.instance, store.state.instance(id)?.state.isTerminal ?? false { checker.ended(byHand: id) }
    if case .setJobState(let change) = op.verb { checker.paused(byHand: change.job) }
    return results == [.applied]
  }

  /// Somebody else is quicker with some of what is about to be stored; users want something of the same rows meanwhile.
  func getAhead(of group: CommitGroup) {
    guard group.server == checker.owner else { return }
    for op in group.ops where dice.faults.chance(600) {
      guard let other = rival(of: op), applyByHand(other), let id = other.verb.instance else { continue }
      if dice.faults.chance(500) { usersAsk(about: id) }
    }
  }

  private func rival(of op: StoreOp) -> StoreOp? {
    switch op.verb {
    case .finish, .settle: return op
    case .dispatch(let dispatch): return endOne(dispatch.instance, forgetsChain: dice.faults.chance(500))
    case .requestStop(let id, _): return finishOne(id)
    case .editJob(let job): return store.state.read(.job(job.id)).jobs.first.map { changed($0, edits: true) }
    case .setJobState(let change):
      return store.state.read(.job(change.job)).jobs.first.map { changed($0, edits: true) }
    case .putWorker(let record):
      guard case .workers(let rows) = store.state.read(.worker(name: record.ref.name)), var next = rows.first,
        next.verdict == nil
      else { return nil }
      next.session = record.session
      next.home = "another"
      return StoreOp(.server, .putWorker(next))
    default: return nil
    }
  }

  /// What ended at its worker, before the server has heard of it. The due time that follows is not set.
  private func finishOne(_ id: InstanceID) -> StoreOp? {
    guard let instance = store.state.instance(id), instance.state == .dispatched, let worker = instance.worker,
      let outcome = checker.ends[AttemptRef(instance: id, attempt: instance.attempt)],
      let definition = store.state.definition(job: instance.job, version: instance.jobVersion)
    else { return nil }
    let time = Timestamp(nanoseconds: checker.serverWall)
    let next: Finish.Next
    switch outcome {
    case .succeeded: next = .end(.succeeded)
    case .timedOut: next = .end(.timedOut)
    case .failed where definition.spec.retry.limit > 0: next = .wait(readyAt: time, tries: instance.tries + 1)
    case .failed: next = .end(.failed)
    default: return nil
    }
    return StoreOp(
      authority(instance.shard),
      .finish(
        Finish(
          instance: id, attempt: instance.attempt, worker: worker, outcome: outcome, next: next, startedAt: nil,
          endedAt: time, detail: "by hand")))
  }

  private func meddling(_ random: inout SeededRandom) -> StoreOp? {
    switch random.below(4) {
    case 0, 1: return checker.randomActive(&random).flatMap { endOne($0) }
    case 2:
      guard let id = random.pick(checker.jobOrder), let job = store.state.read(.job(id)).jobs.first,
        job.state == .enabled
      else { return nil }
      return changed(job, edits: random.chance(500))
    default:
      guard let record = store.state.workers(after: nil, limit: 10).first(where: { $0.verdict == nil }) else {
        return nil
      }
      var next = record
      next.session += 1
      next.home = "another"
      return StoreOp(.server, .putWorker(next))
    }
  }

  /// - Parameter forgetsChain: the due time that follows is not set.
  private func endOne(_ id: InstanceID, forgetsChain: Bool = false) -> StoreOp? {
    guard let instance = store.state.instance(id) else { return nil }
    let authority = self.authority(instance.shard)
    switch instance.state {
    case .dispatched: return StoreOp(authority, .requestStop(id, attempt: instance.attempt))
    case .waiting:
      let time = Timestamp(nanoseconds: checker.serverWall)
      var chain: ChainAdvance?
      if !forgetsChain, let job = store.state.read(.job(instance.job)).jobs.first,
        case .fixedDelay(let delay) = job.spec.schedule,
        job.chain == id
      {
        chain = ChainAdvance(job: job.id, predecessor: id, nextFire: time + delay)
      }
      return StoreOp(
        authority,
        .settle(
          Settlement(
            instance: id, attempt: instance.attempt, from: .waiting, to: .cancelled, at: time, detail: "by hand",
            chain: chain)))
    default: return nil
    }
  }

  private func changed(_ job: Job, edits: Bool) -> StoreOp {
    let time = Timestamp(nanoseconds: checker.serverWall)
    guard edits else {
      let change = JobStateChange(job: job.id, version: job.version, state: .paused, nextFire: nil, at: time)
      return StoreOp(authority(job.shard), .setJobState(change))
    }
    var next = job
    next.version = job.version + 1
    next.updatedAt = time
    return StoreOp(authority(job.shard), .editJob(next))
  }

  private func authority(_ shard: Shard) -> StoreOp.Authority { .shard(shard, checker.epochs[Int(shard.number)]) }
}

extension StoreOp.Verb {
  /// Whose state it changes.
  fileprivate var instance: InstanceID? {
    switch self {
    case .finish(let finish): finish.instance
    case .settle(let settlement): settlement.instance
    case .requestStop(let id, _): id
    default: nil
    }
  }
}
