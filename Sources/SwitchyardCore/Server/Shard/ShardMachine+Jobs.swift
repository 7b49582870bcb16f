import SwitchyardModel

/// Creates, edits, pauses, resumes and deletes jobs: one operation of a job at a time, each computed from
/// what is stored when its turn comes.
extension ShardMachine {
  private static let workLimit = 64

  mutating func create(_ job: Job, _ token: Token, _ board: inout Switchboard) {
    add(.create(job), for: job.id, token: token, &board)
  }

  mutating func add(_ kind: JobWork.Kind, for job: JobID, token: Token? = nil, _ board: inout Switchboard) {
    guard (jobWork[job]?.count ?? 0) < Self.workLimit || token == nil else {
      return board.refuse(token, .overloaded(retryAfter: .seconds(1)), "too many changes of this job are under way")
    }
    jobWork[job, default: Fifo()].append(JobWork(kind: kind, token: token))
    if jobs[job]?.isBusy != true { continueWork(job, &board) }
  }

  /// Begins what is first in the job's queue, or lets its next due time be entered.
  mutating func continueWork(_ job: JobID, _ board: inout Switchboard) {
    guard let work = jobWork[job]?.first, !work.hasBegun else { return }
    jobWork[job]?.updateFirst { $0.hasBegun = true }
    if case .create(let new) = work.kind {
      return board.commit(shard, .createJob(new), for: work.token, after: "version 1")
    }
    // Its due time waits meanwhile.
    jobs[job]?.isBusy = true
    if let due = jobs[job], !work.kind.isRefresh {
      compute(due.job, &board)
    } else {
      jobWork[job]?.updateFirst { $0.awaitsRow = true }
      board.read(.job(job), for: shard)
    }
  }

  mutating func jobPage(_ id: JobID, _ row: Job?, _ board: inout Switchboard) {
    if let row { learnLimit(row, &board) }
    guard jobWork[id]?.first?.awaitsRow == true else { return }
    jobWork[id]?.updateFirst { $0.awaitsRow = false }
    guard let row else {
      forget(id, &board)
      return answer(id, .refused(.conflict, "there is no such job"), &board)
    }
    var due = DueJob(row)
    due.isBusy = true
    keep(due, &board)
    compute(row, &board)
  }

  /// The first of the queue, computed from the stored row.
  private mutating func compute(_ job: Job, _ board: inout Switchboard) {
    guard let work = jobWork[job.id]?.first else { return }
    let now = board.now.wall
    let isDeleted = job.state == .deleted
    switch work.kind {
    case .edit(let spec, let existing):
      guard !isDeleted, job.version == existing, job.version < .max, spec.name == job.spec.name else {
        return answer(job.id, .refused(.conflict, "the job has changed since it was read"), &board)
      }
      let edited = job.edited(spec, at: now, zone: board.zone(spec.timeZone))
      guard let next = chained(edited, work, &board) else { return }
      board.commit(
        shard, .editJob(next), for: work.token, before: "version \(job.version)", after: "version \(next.version)")
    case .set(let state):
      if job.state == state { return answer(job.id, .job(job), &board) }
      guard !isDeleted else { return answer(job.id, .refused(.conflict, "the job is deleted"), &board) }
      var next = job
      next.nextFire = job.nextFire(in: state, at: now, zone: board.zone(job.spec.timeZone))
      next.state = state
      guard let next = chained(next, work, &board) else { return }
      setState(job, state, next.nextFire, for: work.token, &board)
    case .mendChain(let predecessor):
      guard job.state == .enabled, job.nextFire == nil, job.chain == predecessor,
        case .fixedDelay(let delay) = job.spec.schedule
      else { return answer(job.id, nil, &board) }
      guard let next = job.spec.dueAfterRun(endedAt: now, delay: delay) else { return answer(job.id, nil, &board) }
      setState(job, .enabled, next, for: nil, &board)
    case .keepToLife:
      guard job.state == .enabled, let due = job.nextFire, job.spec.isOutsideLife(due) else {
        return answer(job.id, nil, &board)
      }
      setState(job, .enabled, job.spec.isOver(at: due) ? nil : job.spec.startsAt, for: nil, &board)
    case .create, .refresh: answer(job.id, nil, &board)
    }
  }

  private func setState(
    _ job: Job, _ state: JobState, _ nextFire: Timestamp?, for token: Token?, _ board: inout Switchboard
  ) {
    board.commit(
      shard,
      .setJobState(
        JobStateChange(
          job: job.id, version: job.version, state: state, nextFire: nextFire, at: board.now.wall)),
      for: token, before: job.state.rawValue, after: state.rawValue)
  }

  /// The first of the queue is done.
  private mutating func answer(_ job: JobID, _ reply: ServerReply?, _ board: inout Switchboard) {
    let work = jobWork[job]?.popFirst()
    if jobWork[job]?.isEmpty == true { jobWork[job] = nil }
    if let reply { board.reply(work?.token, reply) }
    jobIsIdle(job, &board)
  }

  // MARK: The outcomes

  mutating func jobCreated(_ job: Job, _ result: OpResult, _ board: inout Switchboard) {
    switch result {
    case .applied: stored(job, &board)
    case .duplicate: answer(job.id, .refused(.conflict, "a job of this name exists: read it again"), &board)
    case .conflict, .fenced: answer(job.id, .refused(.conflict, "the job could not be created: try again"), &board)
    }
  }

  mutating func jobEdited(_ job: Job, _ result: OpResult, _ board: inout Switchboard) {
    guard result == .applied else { return outdated(job.id, &board) }
    stored(job, &board)
  }

  mutating func jobStateSet(_ change: JobStateChange, _ result: OpResult, _ board: inout Switchboard) {
    guard result == .applied, var job = jobs[change.job]?.job else { return outdated(change.job, &board) }
    job.state = change.state
    job.nextFire = change.nextFire
    job.updatedAt = change.at
    stored(job, &board)
  }

  private mutating func stored(_ job: Job, _ board: inout Switchboard) {
    keep(DueJob(job), &board)
    board.publish(.jobStored(job))
    learnLimit(job, &board)
    answer(job.id, .job(job), &board)
  }

  private mutating func outdated(_ job: JobID, _ board: inout Switchboard) {
    let work = jobWork[job]?.first
    forget(job, &board)
    answer(job, .refused(.conflict, "the job has changed since it was read"), &board)
    refresh(job, &board)
    // Nobody asked for it who would ask again.
    if let work, work.token == nil { add(work.kind, for: job, &board) }
  }

  // MARK: Chains

  /// What is to be stored, so that a fixed delay that stands at a run which is over has its due time in the same
  /// commit: nobody would set it later. Nil while that is looked at; then the work is computed again.
  ///
  /// Where the run is not over, the change is queued before the operation that ends it, which then finds
  /// the chain where it stands.
  private mutating func chained(_ job: Job, _ work: JobWork, _ board: inout Switchboard) -> Job? {
    guard job.state == .enabled, job.nextFire == nil, let chain = job.chain,
      case .fixedDelay(let delay) = job.spec.schedule
    else { return job }
    guard let isOver = work.chainIsOver else {
      request(.chain(job.id), for: chain, &board)
      return nil
    }
    var job = job
    if isOver { job.nextFire = job.spec.dueAfterRun(endedAt: board.now.wall, delay: delay) }
    return job
  }

  /// A fixed delay was found to stand at this instance: if that is over, nobody would set a due time.
  mutating func checkChain(_ job: JobID, _ instance: InstanceID, _ board: inout Switchboard) {
    guard !entries.contains(instance) else { return }
    request(.chain(job), for: instance, &board)
  }

  mutating func chainAnswered(_ job: JobID, _ instance: InstanceID, isOver: Bool, _ board: inout Switchboard) {
    if let due = jobs[job], let work = jobWork[job]?.first, work.hasBegun, work.chainIsOver == nil, due.isBusy,
      due.job.chain == instance, work.kind.asksForChain
    {
      jobWork[job]?.updateFirst { $0.chainIsOver = isOver }
      compute(due.job, &board)
    } else if isOver {
      add(.mendChain(instance), for: job, &board)
    }
  }
}

extension JobWork.Kind {
  fileprivate var isRefresh: Bool { if case .refresh = self { true } else { false } }

  fileprivate var asksForChain: Bool {
    switch self {
    case .edit, .set: true
    case .create, .mendChain, .keepToLife, .refresh: false
    }
  }
}
