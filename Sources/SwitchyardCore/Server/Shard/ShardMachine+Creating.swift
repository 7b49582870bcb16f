import SwitchyardModel

/// From an order or a due time to a stored instance: a fresh one first asks for a worker, and is then
/// created and dispatched in one commit; where nobody can be had, it is created waiting.
extension ShardMachine {
  mutating func submit(_ asker: Asker, _ submission: Submission, _ id: InstanceID, _ board: inout Switchboard) {
    let definition = submission.definition
    let now = board.now.wall
    let due = submission.at ?? now
    let instance = Instance(
      id: id, job: definition.job, jobVersion: definition.number, app: definition.app, shard: shard,
      occurrence: submission.key.map(Occurrence.key) ?? .submitted(id), priority: definition.spec.priority,
      readyAt: max(due, now), dueAt: due, createdAt: now, parameters: submission.parameters)
    var entry = Entry(instance, definition, stage: .fresh)
    entry.submitter = asker
    bring(entry, &board)
  }

  /// Brings a fresh instance on its way.
  mutating func bring(_ entry: Entry, _ board: inout Switchboard) {
    let id = entry.id
    entries.insert(entry)
    board.fresh.enter(entry.instance.app)
    let definition = entry.definition
    let asksFirst =
      board.phase == .owning && entry.instance.readyAt <= board.now.wall
      && board.placements.depth(app: definition.app) < board.configuration.askFirstLimit
      && !board.placements.isBlocked(app: definition.app, definition.requirements)
    if asksFirst {
      board.placements.insert(
        id, rank: entry.instance.rank, shard: shard, definition: definition, isFresh: true)
    } else {
      create(id, on: nil, &board)
    }
  }

  /// Commits a fresh instance, and with it its dispatch where a worker was found.
  mutating func create(_ id: InstanceID, on worker: WorkerRef?, _ board: inout Switchboard) {
    guard let index = entries.index(of: id), entries[at: index].stage == .fresh else { return }
    entries[at: index].stage = .creating
    entries[at: index].target = worker
    let instance = entries[at: index].instance
    switch entries[at: index].birth {
    case nil: board.commit(shard, .createInstance(instance, nil))
    case .due(let due): board.commit(shard, .createInstance(instance, due))
    case .misfire(let record, let first, let then):
      board.commit(shard, .createInstance(record, first))
      board.commit(shard, .createInstance(instance, then))
    }
    if let worker { commitDispatch(id, attempt: instance.attempt, worker, &board) }
  }

  mutating func commitDispatch(
    _ id: InstanceID, attempt: UInt32, _ worker: WorkerRef, _ board: inout Switchboard
  ) {
    board.commit(
      shard, .dispatch(Dispatch(instance: id, expectedAttempt: attempt, worker: worker, at: board.now.wall)))
  }

  // MARK: The outcome

  mutating func created(
    _ instance: Instance, _ due: DueGuard?, _ result: OpResult, _ board: inout Switchboard
  ) {
    let id = instance.id
    guard let index = entries.index(of: id), entries[at: index].stage == .creating else {
      // The record of due times that were missed.
      if result == .applied { publish(instance, &board) }
      return
    }
    switch result {
    case .applied:
      stored(instance, isDue: due != nil, &board)
      let isPlaced = entries[at: index].target != nil
      entries[at: index].birth = nil
      entries[at: index].stage = isPlaced ? .dispatching : .waiting
      board.reply(entries[at: index].submitter, .submitted(id, duplicate: false))
      entries[at: index].submitter = nil
      if let due { fired(instance.job, due, chain: due.chain, &board) }
      if !isPlaced {
        publish(instance, &board)
        settleHopeless(id, &board)
        resume(id, &board)
      }
    case .duplicate(let existing):
      let other = existing.map(InstanceID.init(rawValue:))
      board.reply(entries[at: index].submitter, .submitted(other ?? id, duplicate: true))
      vanish(id, &board)
      if let due { fired(instance.job, due, chain: due.chain == nil ? nil : other, &board) }
      if due?.chain != nil, let other { checkChain(instance.job, other, &board) }
    case .conflict, .fenced:
      board.refuse(entries[at: index].submitter, .conflict, "the job is deleted or has changed: read it again")
      vanish(id, &board)
      if due != nil {
        forget(instance.job, &board)
        refresh(instance.job, &board)
      }
    }
  }

  /// The store has it now.
  private func stored(_ instance: Instance, isDue: Bool, _ board: inout Switchboard) {
    let now = board.now.wall
    board.fresh.leave(instance.app)
    board.fresh.passed(after: now - instance.createdAt)
    board.measure(isDue ? .fired : .submitted, now - (isDue ? instance.dueAt : instance.createdAt))
  }

  /// A fresh instance comes to nothing.
  mutating func vanish(_ id: InstanceID, _ board: inout Switchboard) {
    guard let entry = entries[id] else { return }
    if let target = entry.target { board.release(target, slots: entry.slots) }
    for deferral in entry.deferred {
      if case .end(let token) = deferral { board.refuse(token, .conflict, "there is no such instance") }
    }
    drop(id, &board)
  }

  func publish(_ instance: Instance, _ board: inout Switchboard) {
    board.publish(
      .instance(
        instance.id, job: instance.job, app: instance.app, state: instance.state, attempt: instance.attempt,
        worker: instance.worker))
  }
}
