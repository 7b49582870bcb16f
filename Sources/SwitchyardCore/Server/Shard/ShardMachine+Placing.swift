import SwitchyardModel

/// Questions to lanes and their answers; dispatch and sending.
extension ShardMachine {
  /// What a lane is asked about the instance.
  func placementRequest(_ id: InstanceID) -> PlacementRequest? {
    guard let index = entries.index(forKey: id) else { return nil }
    let instance = entries.values[index].instance
    return PlacementRequest(
      instance: id, job: instance.job, app: instance.app, attempt: instance.attempt + 1,
      requirements: entries.values[index].definition.requirements, waitingSince: instance.readyAt,
      tried: entries.values[index].tried)
  }

  /// A lane has answered. Every pick that is not used is given back.
  mutating func answered(_ id: InstanceID, _ answer: PlacementAnswer, slots: UInt32, _ board: inout Switchboard) {
    guard let entry = entries[id], entry.stage == .fresh || entry.stage == .waiting else {
      if case .worker(let ref) = answer { board.release(ref, slots: slots) }
      return
    }
    switch answer {
    case .worker(let ref):
      guard board.sessions.admits(ref) else {
        // The lane has not heard of it yet; asking at once would spin until it has.
        board.release(ref, slots: slots)
        entries[id]?.wakeAt = board.now.wall + .milliseconds(20)
        return storeOrPark(id, &board)
      }
      if entry.stage == .fresh { return create(id, on: ref, &board) }
      entries[id]?.stage = .dispatching
      entries[id]?.target = ref
      commitDispatch(entry.instance, ref, &board)
    case .nobody: storeOrPark(id, &board)
    case .never(let reason):
      entries[id]?.hopeless = reason
      if entry.stage == .fresh { create(id, on: nil, &board) } else { settleHopeless(id, &board) }
    case .later(let span):
      entries[id]?.wakeAt = board.now.wall + max(span, .milliseconds(1))
      storeOrPark(id, &board)
    }
  }

  private mutating func storeOrPark(_ id: InstanceID, _ board: inout Switchboard) {
    if entries[id]?.stage == .fresh { create(id, on: nil, &board) } else { park(id, &board) }
  }

  mutating func settleHopeless(_ id: InstanceID, _ board: inout Switchboard) {
    guard let entry = entries[id], entry.stage == .waiting, let reason = entry.hopeless else { return }
    settle(id, to: .failed, detail: reason, &board)
  }

  // MARK: The outcome

  mutating func dispatched(_ dispatch: Dispatch, _ result: OpResult, _ board: inout Switchboard) {
    let id = dispatch.instance
    guard let index = entries.index(forKey: id), entries.values[index].stage == .dispatching else { return }
    let ref = dispatch.worker
    entries.values[index].target = nil
    guard result == .applied else {
      board.release(ref, slots: entries.values[index].slots)
      return reread(id, &board)
    }
    entries.values[index].stage = .placed
    entries.values[index].instance.state = .dispatched
    entries.values[index].instance.attempt += 1
    entries.values[index].instance.worker = ref
    entries.values[index].instance.startedAt = nil
    entries.values[index].instance.detail = nil
    entries.values[index].dispatchedAt = board.now.boot
    entries.values[index].acceptedAt = nil
    leaveWindow(id, &board)
    publish(entries.values[index].instance, &board)
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
    if board.sessions.isAlive(ref) { board.sessions[ref.name]?.placed[id] = shard }
  }

  /// Its attempt is over, in this way: the credit is given back, once.
  mutating func leavePlaced(_ id: InstanceID, _ kind: PlacementEvent.Kind, _ board: inout Switchboard) {
    guard let index = entries.index(forKey: id), entries.values[index].isPlaced,
      let ref = entries.values[index].instance.worker
    else { return }
    entries.values[index].isPlaced = false
    board.placed -= 1
    observe(kind, id, &board)
    board.sessions[ref.name]?.leave(entries.values[index].attempt, of: ref)
    board.release(ref, slots: entries.values[index].slots)
  }

  /// Sends the attempt, if its worker has a stream; else the next stream brings an inventory without it.
  mutating func send(_ id: InstanceID, _ board: inout Switchboard) {
    guard let index = entries.index(forKey: id), let ref = entries.values[index].instance.worker,
      let stream = board.sessions.stream(of: ref)
    else { return }
    let instance = entries.values[index].instance
    let assignment = Assignment(
      attempt: AttemptRef(instance: id, attempt: instance.attempt), shard: shard, epoch: board.epoch(shard),
      definition: entries.values[index].definition, parameters: instance.parameters, dueAt: instance.dueAt)
    board.actions.append(.send(stream, .dispatch(assignment)))
  }

  /// Tells strategies what happened to an attempt.
  mutating func observe(_ kind: PlacementEvent.Kind, _ id: InstanceID, _ board: inout Switchboard) {
    guard let index = entries.index(forKey: id), let ref = entries.values[index].instance.worker else { return }
    let since: BootTime
    switch kind {
    case .dispatched: since = board.now.boot
    case .accepted: since = entries.values[index].dispatchedAt
    default: since = entries.values[index].acceptedAt ?? entries.values[index].dispatchedAt
    }
    board.node(
      .event(
        PlacementEvent(
          kind: kind, worker: ref, instance: id, job: entries.values[index].instance.job,
          processor: entries.values[index].definition.requirements.processor,
          attempt: entries.values[index].instance.attempt, slots: entries.values[index].slots,
          took: board.now.boot - since)))
  }
}
