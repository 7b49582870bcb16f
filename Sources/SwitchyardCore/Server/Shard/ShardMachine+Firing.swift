import SwitchyardModel

/// Due times. Each fires by one commit that inserts the instance and advances the job; a job fires its next
/// due time when the outcome of that is known.
extension ShardMachine {
  mutating func fireDue(_ board: inout Switchboard) {
    guard board.phase == .owning, !board.clock.isHolding else { return }
    while let mark = dueTimes.first, mark.time <= board.now.wall, !board.isCongested {
      dueTimes.popFirst()
      guard let due = jobs[mark.id], due.job.nextFire == mark.time, !due.isBusy else { continue }
      fire(due, mark.time, &board)
    }
    if timetable.isPartial, dueTimes.count <= board.configuration.dueWindow / 2 { readDue(&board) }
  }

  /// One step of a job: the due time becomes an instance, or it and those that follow become a record of what is
  /// skipped. What comes next is asked anew when the outcome of this is known.
  private mutating func fire(_ due: DueJob, _ time: Timestamp, _ board: inout Switchboard) {
    let job = due.job
    let zone = board.zone(job.spec.timeZone)
    if job.spec.isOutsideLife(time) { return add(.keepToLife, for: job.id, &board) }
    jobs[job.id]?.isBusy = true
    if let missed = job.spec.missed(from: time, at: board.now.wall, anchor: job.anchor, zone: zone) {
      return skip(missed, of: due, &board)
    }
    let id = board.nextInstance()
    var guarded = DueGuard(jobVersion: job.version, expectedNextFire: time, nextFire: nil, chain: nil)
    if case .fixedDelay = job.spec.schedule {
      guarded.chain = id
    } else {
      guarded.nextFire = job.spec.nextDue(after: time, anchor: job.anchor, zone: zone)
    }
    var entry = Entry(instance(of: due, id, at: time, &board), due.version, stage: .fresh)
    entry.birth = guarded
    bring(entry, &board)
  }

  /// Stores the record of due times that do not fire.
  private mutating func skip(_ skip: Skip, of due: DueJob, _ board: inout Switchboard) {
    let job = due.job
    var record = instance(of: due, board.nextInstance(), at: skip.first, &board)
    record.record(skip, overlap: nil)
    let next = job.spec.nextDue(after: skip.last, anchor: job.anchor, zone: board.zone(job.spec.timeZone))
    var entry = Entry(record, due.version, stage: .fresh)
    entry.birth = DueGuard(
      jobVersion: job.version, expectedNextFire: skip.first, nextFire: next, chain: job.chain)
    keep(entry, &board)
    create(record.id, on: nil, &board)
  }

  private func instance(
    of due: DueJob, _ id: InstanceID, at time: Timestamp, _ board: inout Switchboard
  ) -> Instance {
    Instance(
      id: id, job: due.job.id, jobVersion: due.job.version, app: due.job.app, shard: shard,
      occurrence: due.job.chain.map(Occurrence.after) ?? .due(time), priority: due.job.spec.priority,
      readyAt: max(board.now.wall, due.job.spec.start(of: time, job: due.job.id)), dueAt: time,
      createdAt: board.now.wall)
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
    // A row that is being read may be older than this.
    if jobWork[advance.job]?.first?.awaitsRow == true { return refresh(advance.job, &board) }
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
