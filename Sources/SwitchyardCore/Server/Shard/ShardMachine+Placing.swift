import SwitchyardModel

/// Questions to lanes and their answers; dispatch and sending.
extension ShardMachine {
  /// What a lane is asked about the instance.
  func placementRequest(_ id: InstanceID) -> PlacementRequest? {
    guard let index = entries.index(of: id) else { return nil }
    return PlacementRequest(
      instance: id, job: entries[at: index].instance.job, app: entries[at: index].instance.app,
      attempt: entries[at: index].instance.attempt + 1,
      requirements: entries[at: index].definition.requirements, waitingSince: entries[at: index].instance.readyAt,
      tried: entries[at: index].tried)
  }

  /// A lane has answered. Every pick that is not used is given back.
  mutating func answered(_ id: InstanceID, _ answer: PlacementAnswer, slots: UInt32, _ board: inout Switchboard) {
    guard let index = entries.index(of: id), [.fresh, .waiting].contains(entries[at: index].stage) else {
      if case .worker(let ref) = answer { board.release(ref, slots: slots) }
      return
    }
    switch answer {
    case .worker(let ref):
      guard mayPlace(id) else {
        board.release(ref, slots: slots)
        return turnBack(id, &board)
      }
      guard board.sessions.admits(ref) else {
        // The lane has not heard of it yet; asking at once would spin until it has.
        board.release(ref, slots: slots)
        entries[id]?.wakeAt = board.now.wall + .milliseconds(20)
        return storeOrPark(id, &board)
      }
      if entries[at: index].stage == .fresh { return create(id, on: ref, &board) }
      entries[at: index].stage = .dispatching
      entries[at: index].target = ref
      commitDispatch(id, attempt: entries[at: index].instance.attempt, ref, &board)
    case .nobody: if isOutdated(id) { lineUp(id, &board) } else { storeOrPark(id, &board) }
    case .never(let reason):
      entries[id]?.hopeless = reason
      if entries[at: index].stage == .fresh { create(id, on: nil, &board) } else { settleHopeless(id, &board) }
    case .later(let span):
      entries[id]?.wakeAt = board.now.wall + max(span, .milliseconds(1))
      storeOrPark(id, &board)
    }
  }

  private mutating func storeOrPark(_ id: InstanceID, _ board: inout Switchboard) {
    if entries[id]?.stage == .fresh { create(id, on: nil, &board) } else { park(id, &board) }
  }

  mutating func settleHopeless(_ id: InstanceID, _ board: inout Switchboard) {
    guard let index = entries.index(of: id), entries[at: index].stage == .waiting,
      let reason = entries[at: index].hopeless
    else { return }
    settle(id, to: .failed, detail: reason, &board)
  }

  // MARK: The outcome

  mutating func dispatched(_ dispatch: Dispatch, _ result: OpResult, _ board: inout Switchboard) {
    let id = dispatch.instance
    guard let index = entries.index(of: id), entries[at: index].stage == .dispatching else { return }
    let ref = dispatch.worker
    entries[at: index].target = nil
    guard result == .applied else {
      board.release(ref, slots: entries[at: index].slots)
      return reread(id, &board)
    }
    entries[at: index].stage = .placed
    entries[at: index].instance.state = .dispatched
    entries[at: index].instance.attempt += 1
    entries[at: index].instance.worker = ref
    entries[at: index].instance.startedAt = nil
    entries[at: index].instance.detail = nil
    entries[at: index].dispatchedAt = board.now.boot
    entries[at: index].acceptedAt = nil
    leaveWindow(id, &board)
    publish(entries[at: index].instance, &board)
    board.measure(.placed, board.now.wall - entries[at: index].instance.readyAt)
    enterPlaced(id, ref, &board)
    observe(.dispatched, id, &board)
    guard board.sessions.isAlive(ref) else { return lose(id, .neverArrived, ref, &board) }
    send(id, &board)
    resume(id, &board)
  }

  /// It is bound to the worker now; the credit has been taken.
  mutating func enterPlaced(_ id: InstanceID, _ ref: WorkerRef, _ board: inout Switchboard) {
    entries[id]?.isPlaced = true
    board.placed += 1
    board.sessions.enter(id, shard, on: ref)
  }

  /// Its attempt is over, in this way: the credit is given back, once.
  mutating func leavePlaced(_ id: InstanceID, _ kind: PlacementEvent.Kind, _ board: inout Switchboard) {
    guard let index = entries.index(of: id), entries[at: index].isPlaced,
      let ref = entries[at: index].instance.worker
    else { return }
    entries[at: index].isPlaced = false
    board.placed -= 1
    observe(kind, id, &board)
    board.sessions.leave(entries[at: index].attempt, of: ref)
    board.release(ref, slots: entries[at: index].slots)
  }

  /// Sends the attempt, if its worker has a stream; else the next stream brings an inventory without it.
  mutating func send(_ id: InstanceID, _ board: inout Switchboard) {
    guard let index = entries.index(of: id), let ref = entries[at: index].instance.worker,
      let stream = board.sessions.stream(of: ref)
    else { return }
    let assignment = Assignment(
      attempt: entries[at: index].attempt, shard: shard, epoch: board.epoch(shard),
      definition: entries[at: index].definition, parameters: entries[at: index].instance.parameters,
      dueAt: entries[at: index].instance.dueAt)
    board.actions.append(.send(stream, .dispatch(assignment)))
  }

  /// Tells strategies what happened to an attempt.
  mutating func observe(_ kind: PlacementEvent.Kind, _ id: InstanceID, _ board: inout Switchboard) {
    guard let index = entries.index(of: id), let ref = entries[at: index].instance.worker else { return }
    let since: BootTime
    switch kind {
    case .dispatched: since = board.now.boot
    case .accepted: since = entries[at: index].dispatchedAt
    default: since = entries[at: index].acceptedAt ?? entries[at: index].dispatchedAt
    }
    board.node(
      .event(
        PlacementEvent(
          kind: kind, worker: ref, instance: id, job: entries[at: index].instance.job,
          processor: entries[at: index].definition.requirements.processor,
          attempt: entries[at: index].instance.attempt, slots: entries[at: index].slots,
          took: board.now.boot - since)))
  }
}
