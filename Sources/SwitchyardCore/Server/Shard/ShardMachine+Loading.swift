import SwitchyardModel

/// What is read after a claim, and again from time to time as the horizon moves.
extension ShardMachine {
  mutating func load(_ board: inout Switchboard) {
    board.read(.queued(shard, after: nil, limit: board.configuration.pageLimit), for: shard)
    board.read(.placed(shard, after: nil, limit: board.configuration.pageLimit), for: shard)
    readDue(&board)
    scan(&board)
    // Shards take turns over the period, so that their reads do not come together.
    let period = readPeriod(board)
    nextRead = board.now.boot + Span(nanoseconds: period.nanoseconds / 256 * Int64(shard.number) + 1_000_000_000)
  }

  private func readPeriod(_ board: Switchboard) -> Span {
    Span(nanoseconds: board.configuration.horizon.nanoseconds / 4 * 3)
  }

  mutating func readAhead(_ board: inout Switchboard) {
    // What is under way asks for a horizon that may have moved since, by a clock that was set: soon again.
    let isUnderWay = timetable.reading != nil || window.isScanning
    nextRead = board.now.boot + (isUnderWay ? .seconds(1) : readPeriod(board))
    readDue(&board)
    readOverdue(&board)
    scan(&board)
  }

  mutating func placedPage(_ page: [ActiveInstance], limit: Int, _ board: inout Switchboard) {
    for row in page where !entries.contains(row.instance.id) {
      var entry = Entry(row.instance, row.definition, stage: .placed)
      entry.dispatchedAt = board.now.boot
      // Soft until the worker says so again.
      entry.instance.startedAt = nil
      entries.insert(entry)
      loadedPlaced.append(row.instance.id)
    }
    if page.count >= limit, let last = page.last {
      board.read(.placed(shard, after: last.instance.id, limit: limit), for: shard)
    }
  }

  /// All shards and workers are loaded: what is placed goes to the workers' machines, and what was placed on
  /// one that is over comes back.
  mutating func begin(_ board: inout Switchboard) {
    beginGates(&board)
    for id in loadedPlaced {
      guard let ref = entries[id]?.instance.worker else { continue }
      enterPlaced(id, ref, &board)
      if !board.sessions.isAlive(ref) {
        lose(id, .lost("its worker was lost"), ref, &board)
      }
    }
    loadedPlaced = []
    wake(&board)
    fireDue(&board)
    arm(&board)
  }

  // MARK: Due times

  mutating func readDue(_ board: inout Switchboard) {
    let until = board.now.wall + board.configuration.horizon
    guard timetable.reading == nil else { return }
    guard dueTimes.count < board.configuration.dueWindow else {
      timetable.isPartial = true
      return
    }
    if let bound = timetable.bound, bound.nextFire >= until { return }
    timetable.reading = until
    board.read(
      .dueJobs(shard, until: until, after: timetable.bound, limit: board.configuration.dueWindow), for: shard)
  }

  /// Asks for the first that are long due by the store: none, unless they are being fired, or memory is wrong.
  private mutating func readOverdue(_ board: inout Switchboard) {
    let until = board.now.wall - board.configuration.overdueAfter
    if let due = dueTimes.first, due.time <= until { return }
    guard !timetable.isComparing else { return }
    timetable.isComparing = true
    board.read(.dueJobs(shard, until: until, after: nil, limit: board.configuration.overduePage), for: shard)
  }

  /// What memory does not hold as due, though it should: somebody else changed the row. It is read again.
  private mutating func overduePage(_ page: [Job], _ board: inout Switchboard) {
    timetable.isComparing = false
    guard board.phase == .owning else { return }
    for job in page {
      guard let time = job.nextFire, timetable.hasRead(time, job.id), jobWork[job.id] == nil else { continue }
      if let known = jobs[job.id], known.isBusy || known.job.nextFire == time { continue }
      board.count("job.overlooked")
      refresh(job.id, &board)
    }
  }

  mutating func duePage(_ page: [Job], until: Timestamp, limit: Int, _ board: inout Switchboard) {
    guard timetable.reading == until else { return overduePage(page, &board) }
    timetable.reading = nil
    timetable.isPartial = page.count >= limit
    // First of all: it says which of these belong into memory.
    if timetable.isPartial, let last = page.last, let time = last.nextFire {
      timetable.bound = DueCursor(nextFire: time, job: last.id)
    } else {
      timetable.bound = DueCursor(nextFire: until, job: JobID(rawValue: .max))
    }
    // What is under way for a job reads its row itself, and enters its due time in the end.
    for job in page where jobs[job.id] == nil && jobWork[job.id] == nil && !timetable.touched.contains(job.id) {
      keep(DueJob(job), &board)
      schedule(job.id, &board)
    }
    timetable.touched.removeAll(keepingCapacity: true)
    guard board.phase == .owning else { return }
    fireDue(&board)
    arm(&board)
  }

  mutating func keep(_ due: DueJob, _ board: inout Switchboard) {
    if jobs.updateValue(due, forKey: due.job.id) == nil { board.jobs += 1 }
  }

  mutating func forget(_ job: JobID, _ board: inout Switchboard) {
    if timetable.reading != nil { timetable.touched.insert(job) }
    if jobs.removeValue(forKey: job) != nil { board.jobs -= 1 }
  }

  /// Enters the job's due time, or lets go of the job where none comes soon.
  mutating func schedule(_ id: JobID, _ board: inout Switchboard) {
    guard let due = jobs[id], !due.isBusy else { return }
    if timetable.reading != nil { timetable.touched.insert(id) }
    guard due.job.state == .enabled, let time = due.job.nextFire else {
      // A running chain needs its job again when it ends.
      if due.job.state != .enabled || due.job.chain == nil || jobs.count > 2 * board.configuration.dueWindow {
        forget(id, &board)
      }
      return
    }
    guard timetable.covers(time, id) else { return forget(id, &board) }
    dueTimes.insert(Mark(time: time, id: id))
  }
}
