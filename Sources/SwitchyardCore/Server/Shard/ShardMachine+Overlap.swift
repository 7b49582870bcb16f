import SwitchyardModel

/// Limits of jobs: before a lane is asked, at a cost for jobs with a limit alone.
///
/// All instances of such a job are in the job's own shard, so that its owner counts alone. (Those that were submitted
/// before the job had its first limit are in shards of their own, and do not count.)
extension ShardMachine {
  // MARK: Who comes new

  /// Whether a fresh instance may go on to a lane; if not, it is on its way to what becomes of it.
  mutating func passes(_ id: InstanceID, _ board: inout Switchboard) -> Bool {
    guard let index = entries.index(of: id) else { return false }
    let definition = entries[at: index].definition
    guard definition.spec.overlap != nil || (!gates.isEmpty && gates[definition.job] != nil) else { return true }
    openGate(definition, except: id, &board)
    let isReady = entries[at: index].instance.readyAt <= board.now.wall
    let verdict = gates[definition.job]?.verdict() ?? .goes
    switch verdict {
    case .goes where isReady:
      admit(at: index)
      return true
    case _ where !isReady && entries[at: index].birth == nil, .goes,
      .waits where !isReady, .replaces where !isReady:
      // What may start later comes to the gate when its time has come.
      closeGate(definition.job)
      return true
    case .waits, .replaces: store(inLine: id, &board)
    case .isSkipped(.queueFull) where entries[at: index].birth == nil:
      board.refuse(
        entries[at: index].submitter, .overloaded(retryAfter: .seconds(1)),
        "\(definition.spec.overlap?.queue ?? 0) instances of this job wait for their turn already, as many as may: "
          + "try again later, or raise overlap.queue")
      board.count("overlap.refused")
      drop(id, &board)
    case .isSkipped(let reason): discard(id, reason, &board)
    case .fails:
      entries[at: index].hopeless = gates[definition.job]?.overlap?.failure ?? "overlap"
      create(id, on: nil, &board)
    }
    closeGate(definition.job)
    return false
  }

  /// A fresh instance is stored to wait for its turn.
  private mutating func store(inLine id: InstanceID, _ board: inout Switchboard) {
    guard let index = entries.index(of: id) else { return }
    entries[at: index].instance.state = .queued
    gates[entries[at: index].definition.job]?.storing += 1
    create(id, on: nil, &board)
  }

  /// A fresh instance becomes the record that it was skipped.
  private mutating func discard(_ id: InstanceID, _ reason: Skip.Reason, _ board: inout Switchboard) {
    guard let index = entries.index(of: id) else { return }
    let spec = entries[at: index].definition.spec
    let skip = Skip(reason: reason, at: entries[at: index].instance.dueAt)
    entries[at: index].instance.record(skip, overlap: spec.overlap)
    if entries[at: index].birth?.chain != nil, case .fixedDelay(let delay) = spec.schedule {
      // The chain goes on from here, as after a run that took no time.
      entries[at: index].birth?.nextFire = spec.dueAfterRun(endedAt: board.now.wall, delay: delay)
    }
    create(id, on: nil, &board)
  }

  /// A fresh instance has its outcome, and takes its place in line if it has one.
  mutating func leftStoring(_ instance: Instance) {
    guard instance.state == .queued else { return }
    gates[instance.job]?.storing -= 1
  }

  // MARK: Who waits

  /// Whether a stored instance whose time has come may be asked for.
  mutating func mayAsk(_ id: InstanceID, _ board: inout Switchboard) -> Bool {
    guard let index = entries.index(of: id) else { return false }
    if entries[at: index].isAdmitted { return true }
    let definition = entries[at: index].definition
    if gates.isEmpty || gates[definition.job] == nil {
      // An older version may have had no limit, or a higher one.
      let newest = jobs[definition.job]?.version
      guard (newest ?? definition).spec.overlap != nil else { return true }
      openGate(newest ?? definition, except: id, isKnown: newest != nil, &board)
      if newest == nil { board.read(.job(definition.job), for: shard) }
    }
    guard let gate = gates[definition.job], gate.hasRoom, gate.waiting == 0 else { return false }
    leaveWindow(id, &board)
    admit(at: index)
    return true
  }

  /// Whether a pick of a lane may be used: the limit may have come, or have become lower, since it was asked for.
  mutating func mayPlace(_ id: InstanceID) -> Bool {
    guard !gates.isEmpty, let index = entries.index(of: id), let gate = gates[entries[at: index].definition.job]
    else { return true }
    if entries[at: index].isAdmitted { return !gate.isOverfull }
    guard gate.hasRoom else { return false }
    admit(at: index)
    return true
  }

  /// Whether one that nobody takes keeps others from their turn although its job has been edited since: what it asks for
  /// may have been the mistake, so it goes to the end of the line.
  func isOutdated(_ id: InstanceID) -> Bool {
    guard !gates.isEmpty, let index = entries.index(of: id), entries[at: index].stage == .waiting,
      entries[at: index].isAdmitted, let gate = gates[entries[at: index].definition.job]
    else { return false }
    return gate.waiting > 0 && gate.version > entries[at: index].definition.number
  }

  /// A lane was asked for it, but its turn is over before it began.
  mutating func turnBack(_ id: InstanceID, _ board: inout Switchboard) {
    guard let index = entries.index(of: id) else { return }
    if entries[at: index].stage == .fresh {
      surrender(at: index)
      store(inLine: id, &board)
    } else {
      lineUp(id, &board)
    }
  }

  /// The instance takes its place in line, and leaves memory.
  mutating func lineUp(_ id: InstanceID, _ board: inout Switchboard) {
    guard let index = entries.index(of: id) else { return }
    let job = entries[at: index].definition.job
    if gates[job]?.join(id) == true { board.queued += 1 }
    surrender(at: index)
    drop(id, &board)
    replace(job, &board)
    admitNext(job, &board)
  }

  /// In line, or just let through.
  func isInLine(_ id: InstanceID, of job: JobID) -> Bool {
    !gates.isEmpty && (gates[job]?.holds(id) == true || admissions[id] != nil)
  }

  /// Lets those in line through for whom there is room.
  mutating func admitNext(_ job: JobID, _ board: inout Switchboard) {
    while board.phase == .owning, gates[job]?.hasRoom == true, let id = gates[job]?.next() {
      board.queued -= 1
      gates[job]?.admitted += 1
      admissions[id] = Admission(job: job)
      if lookups[id] == nil {
        lookups[id] = []
        board.read(.instance(id), for: shard)
      }
    }
    closeGate(job)
  }

  /// The row of one that was in line is here, or is over.
  mutating func admissionRead(_ id: InstanceID, _ board: inout Switchboard) {
    guard let admission = admissions.removeValue(forKey: id) else { return }
    if let index = entries.index(of: id) {
      entries[at: index].isAdmitted = true
      entries[at: index].isLeaving = admission.isLeaving
      leaveWindow(id, &board)
    } else {
      gates[admission.job]?.admitted -= 1
      if admission.isLeaving { gates[admission.job]?.leaving -= 1 }
      admitNext(admission.job, &board)
      // Somebody else ended it, and a fixed delay may stand at it.
      refresh(admission.job, &board)
      add(.mendChain(id), for: admission.job, &board)
    }
  }

  /// Ends the oldest of a job whose policy is to replace, until the newest have room.
  mutating func replace(_ job: JobID, _ board: inout Switchboard) {
    while let gate = gates[job], gate.surplus > 0 {
      var oldest = gate.oldestInLine
      for index in entries.indices(where: { $0.definition.job == job && $0.isAdmitted && !$0.isLeaving }) {
        oldest = min(oldest ?? entries[at: index].id, entries[at: index].id)
      }
      for (id, admission) in admissions where admission.job == job && !admission.isLeaving {
        oldest = min(oldest ?? id, id)
      }
      guard let oldest else { return }
      if gates[job]?.leave(oldest) == true {
        board.queued -= 1
      } else {
        gates[job]?.leaving += 1
        if admissions[oldest] != nil { admissions[oldest]?.isLeaving = true } else { entries[oldest]?.isLeaving = true }
      }
      board.count("overlap.replaced")
      request(.end(nil), for: oldest, &board)
    }
  }

  // MARK: The gate

  private mutating func admit(at index: Int) {
    guard !entries[at: index].isAdmitted else { return }
    entries[at: index].isAdmitted = true
    gates[entries[at: index].definition.job]?.admitted += 1
  }

  private mutating func surrender(at index: Int) {
    guard entries[at: index].isAdmitted else { return }
    let job = entries[at: index].definition.job
    entries[at: index].isAdmitted = false
    gates[job]?.admitted -= 1
    if entries[at: index].isLeaving { gates[job]?.leaving -= 1 }
    entries[at: index].isLeaving = false
  }

  /// It is not on its way to a worker any more, nor placed: another may come.
  mutating func yield(_ id: InstanceID, _ board: inout Switchboard) {
    guard let index = entries.index(of: id), entries[at: index].isAdmitted else { return }
    let job = entries[at: index].definition.job
    surrender(at: index)
    admitNext(job, &board)
  }

  /// The instance is over: it does not wait in line.
  mutating func leaveLine(_ id: InstanceID, of job: JobID, _ board: inout Switchboard) {
    guard !gates.isEmpty, gates[job]?.leave(id) == true else { return }
    board.queued -= 1
    closeGate(job)
  }

  /// The newest version of the job is stored, or was read.
  mutating func learnLimit(_ job: Job, _ board: inout Switchboard) {
    if gates[job.id] != nil {
      gates[job.id]?.learn(job.version, job.spec.overlap)
    } else if job.version > 1, job.spec.overlap != nil {
      openGate(JobVersion(job), except: nil, &board)
    }
    if board.phase == .owning { replace(job.id, &board) }
    admitNext(job.id, &board)
  }

  /// Makes the gate, which counts what of the job is in memory: all that is placed is.
  ///
  /// - Parameter isKnown: the definition is what the job says now.
  private mutating func openGate(
    _ definition: JobVersion, except id: InstanceID?, isKnown: Bool = true, _ board: inout Switchboard
  ) {
    let job = definition.job
    guard gates[job] == nil else {
      gates[job]?.learn(definition.number, definition.spec.overlap)
      return
    }
    gates[job] = Gate(definition, isKnown: isKnown)
    var early: [InstanceID] = []
    for index in entries.indices(where: { $0.definition.job == job && $0.id != id }) {
      let entry = entries[at: index]
      if entry.stage == .waiting, board.placements.isQueued(entry.id) {
        early.append(entry.id)
      } else if entry.stage != .held, entry.stage != .waiting || board.placements.contains(entry.id) {
        leaveWindow(entry.id, &board)
        admit(at: index)
      }
    }
    // They wait for a lane, by a version that had no limit.
    for id in early.sorted() { lineUp(id, &board) }
  }

  mutating func closeGate(_ job: JobID) {
    if gates[job]?.isIdle == true { gates[job] = nil }
  }

  // MARK: Loading

  mutating func queuedPage(_ page: [ActiveInstance], limit: Int, _ board: inout Switchboard) {
    for row in page {
      let job = row.definition.job
      if gates[job] == nil {
        gates[job] = Gate(row.definition, isKnown: false)
        board.read(.job(job), for: shard)
      }
      if gates[job]?.join(row.instance.id) == true { board.queued += 1 }
    }
    if page.count >= limit, let last = page.last {
      board.read(.queued(shard, after: last.instance.id, limit: limit), for: shard)
    }
  }

  /// All is loaded: what is placed is counted, then those in line come.
  mutating func beginGates(_ board: inout Switchboard) {
    guard !gates.isEmpty else { return }
    for id in loadedPlaced {
      if let index = entries.index(of: id), gates[entries[at: index].definition.job] != nil { admit(at: index) }
    }
    for job in gates.keys.sorted() {
      replace(job, &board)
      admitNext(job, &board)
    }
  }
}
