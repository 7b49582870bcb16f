import SwitchyardModel
import SwitchyardStorage

extension Applier {
  /// - Parameter dispatch: applied in the same insertion.
  func createInstance(
    _ instance: Instance, _ due: DueGuard?, dispatch: Dispatch?, by authority: StoreOp.Authority
  ) throws(SQLiteFailure) -> OpResult {
    guard authority.owns(instance.shard) else { return .fenced }
    guard instance.isStorable, let job = try findJob(instance.job), instance.app.utf8.elementsEqual(job.app.utf8),
      try hasVersion(instance.jobVersion, of: job)
    else { return .conflict }
    guard due == nil || authority.owns(Shard(of: job.id)) else { return .fenced }
    let fires = due.map { $0.jobVersion == job.version && $0.expectedNextFire == job.nextFire && job.state == .enabled }
    let mayInsert = fires ?? (job.state != .deleted)
    if mayInsert, try insert(instance, dispatch: dispatch) {
      if let due { try advance(job.id, nextFire: due.nextFire, chain: due.chain) }
      return .applied
    }
    guard let existing = try find(occurrenceOf: instance) else { return .conflict }
    if let due, fires == true {
      try advance(job.id, nextFire: due.nextFire, chain: due.chain == nil ? nil : existing)
    }
    return .duplicate(existing.rawValue)
  }

  func dispatch(_ dispatch: Dispatch, by authority: StoreOp.Authority) throws(SQLiteFailure) -> OpResult {
    if case .shard(let shard, _) = authority, dispatch.expectedAttempt < .max {
      let update = instances.dispatch
      update.add(dispatch.worker)
      update.add(dispatch.at)
      update.add(dispatch.instance)
      update.add(dispatch.expectedAttempt)
      update.add(shard)
      if try update.run() == 1 { return .applied }
    }
    return try refusal(of: dispatch.instance, by: authority)
  }

  func finish(_ finish: Finish, by authority: StoreOp.Authority) throws(SQLiteFailure) -> OpResult {
    guard case .end(let state) = finish.next else { return try interrupt(finish, by: authority) }
    if case .shard(let shard, _) = authority, finish.next.isLegal(from: .dispatched) {
      let end = instances.end
      end.add(state.rawValue)
      end.add(Int64(finish.outcome.countsAsTry ? 1 : 0))
      end.add(finish.startedAt)
      end.add(finish.endedAt)
      end.add(finish.result)
      end.add(finish.detail)
      end.add(finish.instance)
      end.add(finish.attempt)
      end.add(finish.worker)
      end.add(shard)
      if try end.run() == 1 {
        try advance(finish.chain, by: authority)
        return .applied
      }
    }
    return try refusal(of: finish.instance, by: authority)
  }

  /// The end of an attempt but not of its instance.
  private func interrupt(_ finish: Finish, by authority: StoreOp.Authority) throws(SQLiteFailure) -> OpResult {
    guard let head = try find(finish.instance) else { return .conflict }
    guard authority.owns(head.shard) else { return .fenced }
    guard head.state == .dispatched || head.state == .stopping, finish.next.isLegal(from: head.state),
      head.attempt == finish.attempt, head.worker == finish.worker
    else { return .conflict }
    let remember = instances.remember
    remember.add(finish.instance)
    remember.add(finish.attempt)
    remember.add(finish.worker)
    remember.add(head.dispatchedAt ?? finish.endedAt)
    remember.add(finish.startedAt)
    remember.add(finish.endedAt)
    remember.add(finish.outcome.rawValue)
    remember.add(finish.detail)
    try remember.run()
    let wait = instances.wait
    wait.add(finish.next.state.rawValue)
    if case .wait(let readyAt, let tries) = finish.next {
      wait.add(Instance.rank(readyAt: readyAt, priority: head.priority))
      wait.add(readyAt)
      wait.add(tries)
    } else {
      for _ in 0..<3 { wait.addNull() }
    }
    wait.add(finish.detail)
    wait.add(finish.instance)
    try wait.run()
    try advance(finish.chain, by: authority)
    return .applied
  }

  func settle(_ settlement: Settlement, by authority: StoreOp.Authority) throws(SQLiteFailure) -> OpResult {
    guard let head = try find(settlement.instance) else { return .conflict }
    guard authority.owns(head.shard) else { return .fenced }
    guard settlement.isLegal, head.state == settlement.from, head.attempt == settlement.attempt
    else { return .conflict }
    let released = settlement.to == .waiting
    let settle = instances.settle
    settle.add(settlement.to.rawValue)
    settle.add(released ? Instance.rank(readyAt: settlement.at, priority: head.priority) : nil)
    settle.add(released ? settlement.at : nil)
    settle.add(released ? nil : settlement.at)
    settle.add(settlement.detail)
    settle.add(settlement.instance)
    try settle.run()
    try advance(settlement.chain, by: authority)
    return .applied
  }

  func requestStop(
    _ id: InstanceID, attempt: UInt32, by authority: StoreOp.Authority
  ) throws(SQLiteFailure) -> OpResult {
    if case .shard(let shard, _) = authority {
      instances.stop.add(id)
      instances.stop.add(attempt)
      instances.stop.add(shard)
      if try instances.stop.run() == 1 { return .applied }
    }
    guard let head = try find(id) else { return .conflict }
    guard authority.owns(head.shard) else { return .fenced }
    return head.attempt == attempt && head.state == .stopping ? .duplicate(nil) : .conflict
  }

  // MARK: Rows

  private func insert(_ instance: Instance, dispatch: Dispatch?) throws(SQLiteFailure) -> Bool {
    let insert = instances.insert
    insert.add(instance.id)
    insert.add(instance.job)
    insert.add(instance.jobVersion)
    insert.add(instance.app)
    insert.add(instance.shard)
    insert.add(occurrenceOf: instance)
    insert.add(dispatch == nil ? instance.state.rawValue : InstanceState.dispatched.rawValue)
    insert.add(dispatch == nil ? instance.attempt : instance.attempt + 1)
    insert.add(instance.tries)
    insert.add(instance.priority)
    insert.add(instance.rank)
    insert.add(instance.readyAt)
    insert.add(instance.dueAt)
    insert.add(instance.createdAt)
    insert.add(dispatch?.worker ?? instance.worker)
    insert.add(dispatch?.at ?? instance.dispatchedAt)
    insert.add(instance.startedAt)
    insert.add(instance.endedAt)
    insert.add(instance.parameters)
    insert.add(instance.result)
    insert.add(dispatch == nil ? instance.detail : nil)
    return try insert.run() == 1
  }

  private func find(occurrenceOf instance: Instance) throws(SQLiteFailure) -> InstanceID? {
    if instance.isOwnOccurrence {
      instances.findOwn.add(instance.id)
      instances.findOwn.add(instance.job)
      return try instances.findOwn.first(InstanceID.init(row:))
    }
    instances.findOccurrence.add(instance.job)
    instances.findOccurrence.add(occurrenceOf: instance)
    return try instances.findOccurrence.first(InstanceID.init(row:))
  }

  private func find(_ id: InstanceID) throws(SQLiteFailure) -> InstanceHead? {
    instances.find.add(id)
    return try instances.find.first(InstanceHead.init(row:))
  }

  /// Why a guarded statement changed nothing.
  private func refusal(of id: InstanceID, by authority: StoreOp.Authority) throws(SQLiteFailure) -> OpResult {
    guard let head = try find(id) else { return .conflict }
    return authority.owns(head.shard) ? .conflict : .fenced
  }
}

/// What guards look at.
private struct InstanceHead {
  var shard: Shard
  var state: InstanceState
  var attempt: UInt32
  var priority: Int32
  var dispatchedAt: Timestamp?
  var worker: WorkerRef?

  init(row: inout Row) throws(SQLiteFailure) {
    shard = row.shard()
    state = try row.choice()
    attempt = row.uint32()
    priority = row.int32()
    dispatchedAt = row.optionalTimestamp()
    worker = row.optionalWorker()
  }
}
