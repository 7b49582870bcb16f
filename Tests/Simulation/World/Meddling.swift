import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage

/// Somebody changes rows behind the server's back and with its authority: a hand in the database, or what a bug made memory
/// forget. What the server holds in memory is wrong then; the store is right, and it must find back to it.
extension World {
  func meddle(_ random: inout SeededRandom) -> Bool {
    guard let server = checker.owner, let op = meddling(&random) else { return false }
    let group = CommitGroup(server: server, ops: [op])
    guard case .done(let results) = store.state.apply(group) else { return false }
    trace.say(now, "somebody else: \(describe(op)): \(describe(results))")
    coverage.add(group.ops, results)
    checker.applied(group, results, store: store.state, now)
    return results == [.applied]
  }

  private func meddling(_ random: inout SeededRandom) -> StoreOp? {
    switch random.below(4) {
    case 0, 1: return checker.randomActive(&random).flatMap(endOne)
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

  private func endOne(_ id: InstanceID) -> StoreOp? {
    guard let instance = store.state.instance(id) else { return nil }
    let authority = self.authority(instance.shard)
    switch instance.state {
    case .dispatched: return StoreOp(authority, .requestStop(id, attempt: instance.attempt))
    case .waiting:
      let time = Timestamp(nanoseconds: checker.serverWall)
      var chain: ChainAdvance?
      if let job = store.state.read(.job(instance.job)).jobs.first, case .fixedDelay(let delay) = job.spec.schedule,
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
    next.version += 1
    next.updatedAt = time
    return StoreOp(authority(job.shard), .editJob(next))
  }

  private func authority(_ shard: Shard) -> StoreOp.Authority { .shard(shard, checker.epochs[Int(shard.number)]) }
}
