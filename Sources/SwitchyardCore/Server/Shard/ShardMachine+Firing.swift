import SwitchyardModel

/// Due times. Each fires by one commit that inserts the instance and advances the job; a job fires its next
/// due time when the outcome of that is known.
extension ShardMachine {
  mutating func fireDue(_ board: inout Switchboard) {
    guard board.phase == .owning else { return }
    while let mark = dueTimes.first, mark.time <= board.now.wall, !board.isCongested {
      dueTimes.popFirst()
      guard let due = jobs[mark.id], due.job.nextFire == mark.time, !due.isBusy else { continue }
      fire(due, mark.time, &board)
    }
    if timetable.isPartial, dueTimes.count <= board.configuration.dueWindow / 2 { readDue(&board) }
  }

  private mutating func fire(_ due: DueJob, _ time: Timestamp, _ board: inout Switchboard) {
    let job = due.job
    let now = board.now.wall
    let zone = board.zone(job.spec.timeZone)
    let id = board.nextInstance()
    var nominal = time
    var record: Instance?
    if now - time > board.configuration.misfireThreshold, let missed = Missed(of: job, since: time, until: now, zone) {
      nominal = missed.last
      record = skipped(missed, of: due, board.nextInstance(), at: now)
    }
    var chain: InstanceID?
    var next: Timestamp?
    if case .fixedDelay = job.spec.schedule {
      chain = id
    } else {
      next = job.spec.schedule.next(after: nominal, anchor: job.anchor, zone: zone)
    }
    let guarded = DueGuard(jobVersion: job.version, expectedNextFire: nominal, nextFire: next, chain: chain)
    let instance = Instance(
      id: id, job: job.id, jobVersion: job.version, app: job.app, shard: shard,
      occurrence: job.chain.map(Occurrence.after) ?? .due(nominal), priority: job.spec.priority, readyAt: now,
      dueAt: nominal, createdAt: now)
    var entry = Entry(instance, due.version, stage: .fresh)
    if let record {
      let first = DueGuard(jobVersion: job.version, expectedNextFire: time, nextFire: nominal, chain: job.chain)
      entry.birth = .misfire(record: record, first, then: guarded)
    } else {
      entry.birth = .due(guarded)
    }
    jobs[job.id]?.isBusy = true
    bring(entry, &board)
  }

  private func skipped(_ missed: Missed, of due: DueJob, _ id: InstanceID, at now: Timestamp) -> Instance {
    Instance(
      id: id, job: due.job.id, jobVersion: due.job.version, app: due.job.app, shard: shard,
      occurrence: .due(missed.first), state: .skipped, priority: due.job.spec.priority, readyAt: missed.first,
      dueAt: missed.first, createdAt: now, endedAt: now, detail: missed.detail)
  }

  /// The store has advanced the job.
  mutating func fired(_ job: JobID, _ due: DueGuard, chain: InstanceID?, _ board: inout Switchboard) {
    guard jobs[job] != nil else { return }
    jobs[job]?.job.nextFire = due.nextFire
    jobs[job]?.job.chain = chain
    jobIsIdle(job, &board)
  }

  /// The job's operation has its outcome: others that wait for it begin, or its next due time is entered.
  mutating func jobIsIdle(_ job: JobID, _ board: inout Switchboard) {
    jobs[job]?.isBusy = false
    if jobWork[job] != nil { return continueWork(job, &board) }
    schedule(job, &board)
    fireDue(&board)
    arm(&board)
  }

  /// A run that a chain stood at is over, and its end has set the job's next due time.
  mutating func chainAdvanced(_ advance: ChainAdvance, _ board: inout Switchboard) {
    guard let due = jobs[advance.job] else {
      // Not in memory: whether the chain stood at it, and whether the job is enabled, the store knows.
      return refresh(advance.job, &board)
    }
    guard due.job.chain == advance.predecessor, due.job.state == .enabled else { return }
    jobs[advance.job]?.job.nextFire = advance.nextFire
    guard !due.isBusy else { return }
    schedule(advance.job, &board)
    fireDue(&board)
    arm(&board)
  }

  /// Reads a job again, because what is in memory is not what is stored.
  mutating func refresh(_ job: JobID, _ board: inout Switchboard) {
    add(.refresh, for: job, &board)
  }
}
