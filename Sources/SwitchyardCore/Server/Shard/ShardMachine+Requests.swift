import SwitchyardModel

/// Cancel, stop and release: requests for one instance, one operation of it in flight at a time.
extension ShardMachine {
  /// Requests that wait for one instance.
  private static let deferralLimit = 16

  /// Ends or releases the instance; what is not in memory is read first.
  mutating func request(_ deferral: Deferral, for id: InstanceID, _ board: inout Switchboard) {
    // A job asks once, and has to be answered.
    let isBounded =
      switch deferral {
      case .chain, .end(nil): true
      default: false
      }
    if let index = entries.index(of: id) {
      guard isBounded || entries[at: index].deferred.count < Self.deferralLimit else {
        return overload(deferral, &board)
      }
      entries[at: index].deferred.append(deferral)
      resume(id, &board)
      return
    }
    let known = lookups[id]?.count
    guard isBounded || (known ?? 0) < Self.deferralLimit else { return overload(deferral, &board) }
    lookups[id, default: []].append(deferral)
    if known == nil { board.read(.instance(id), for: shard) }
  }

  private func overload(_ deferral: Deferral, _ board: inout Switchboard) {
    switch deferral {
    case .end(let token), .release(let token):
      board.refuse(token, .overloaded(retryAfter: .seconds(1)), "too many requests wait for this instance")
    default: break
    }
  }

  /// The instance is idle: works through what was deferred, until an operation is in flight again. What
  /// began it stays deferred, so that it is answered with the outcome.
  mutating func resume(_ id: InstanceID, _ board: inout Switchboard) {
    guard let index = entries.index(of: id) else { return }
    if entries[at: index].deferred.isEmpty { return park(id, &board) }
    while let entry = entries[id], !entry.stage.isBusy, entry.stage != .fresh, let first = entry.deferred.first {
      switch (first, entry.stage) {
      case (.result(let result, let ref), .placed) where ref == entry.instance.worker:
        entries[id]?.deferred.removeFirst()
        take(result, from: ref, &board)
      case (.lost(let loss, let ref), .placed) where ref == entry.instance.worker:
        entries[id]?.deferred.removeFirst()
        lose(id, loss, ref, &board)
      case (.result(let result, let ref), _):
        entries[id]?.deferred.removeFirst()
        board.send(.resultAck(result.attempt), to: ref)
      case (.lost, _): entries[id]?.deferred.removeFirst()
      case (.chain(let job), _):
        entries[id]?.deferred.removeFirst()
        chainAnswered(job, id, isOver: false, &board)
      case (.end(let token), .waiting), (.end(let token), .held):
        let detail = entry.isLeaving ? "a newer one took its place" : "cancelled"
        settle(id, to: .cancelled, detail: detail, for: token, &board)
      case (.end(let token), _):
        if entry.instance.state == .stopping {
          entries[id]?.deferred.removeFirst()
          board.reply(token, .instance(id, .stopping))
        } else {
          entries[id]?.stage = .requestingStop
          board.commit(
            shard, .requestStop(id, attempt: entry.instance.attempt), for: token,
            before: entry.instance.state.name, after: InstanceState.stopping.name)
        }
      case (.release(let token), .held): settle(id, to: .waiting, detail: nil, for: token, &board)
      case (.release(let token), _):
        entries[id]?.deferred.removeFirst()
        board.refuse(token, .conflict, "the instance is \(entry.instance.state.name), not held")
      }
    }
    if let entry = entries[id], entry.stage == .waiting, entry.deferred.isEmpty { park(id, &board) }
  }

  /// - Parameter token: of the request that wants it.
  mutating func settle(
    _ id: InstanceID, to state: InstanceState, detail: String?, for token: Token? = nil, _ board: inout Switchboard
  ) {
    guard let entry = entries[id], entry.stage == .waiting || entry.stage == .held else { return }
    board.placements.withdraw(id)
    entries[id]?.stage = .settling
    board.commit(
      shard,
      .settle(
        Settlement(
          instance: id, attempt: entry.instance.attempt, from: entry.instance.state, to: state, at: board.now.wall,
          detail: detail, chain: state.isTerminal ? chainAdvance(of: id, at: board.now.wall) : nil)),
      for: token, before: entry.instance.state.name, after: state.name)
  }

  // MARK: The outcomes

  mutating func settled(_ settlement: Settlement, _ result: OpResult, _ board: inout Switchboard) {
    let id = settlement.instance
    guard let entry = entries[id], entry.stage == .settling else { return }
    guard result == .applied else { return reread(id, &board) }
    entries[id]?.instance.detail = settlement.detail
    if settlement.to == .waiting {
      entries[id]?.stage = .waiting
      entries[id]?.instance.state = .waiting
      entries[id]?.instance.readyAt = settlement.at
      entries[id]?.deferred.removeAll {
        guard case .release(let token) = $0 else { return false }
        board.reply(token, .instance(id, .waiting))
        return true
      }
      if let instance = entries[id]?.instance { publish(instance, &board) }
      return resume(id, &board)
    }
    concludeRun(id, settlement.to, advanced: settlement.chain, &board)
  }

  mutating func stopRequested(_ id: InstanceID, _ result: OpResult, _ board: inout Switchboard) {
    guard let entry = entries[id], entry.stage == .requestingStop else { return }
    switch result {
    case .applied, .duplicate:
      entries[id]?.stage = .placed
      entries[id]?.instance.state = .stopping
      if let instance = entries[id]?.instance { publish(instance, &board) }
      sendStop(id, &board)
      resume(id, &board)
    case .conflict, .fenced: reread(id, &board)
    }
  }

  mutating func sendStop(_ id: InstanceID, _ board: inout Switchboard) {
    guard let index = entries.index(of: id), let ref = entries[at: index].instance.worker else { return }
    board.send(.stop(entries[at: index].attempt, shard: shard, epoch: board.epoch(shard)), to: ref)
  }

  // MARK: Reading a row again

  /// Memory and the store do not agree on this instance: the store is right.
  mutating func reread(_ id: InstanceID, _ board: inout Switchboard) {
    guard entries.contains(id) else { return }
    leaveWindow(id, &board)
    entries[id]?.stage = .rereading
    board.count("instance.reread")
    board.read(.instance(id), for: shard)
  }

  mutating func instancePage(_ id: InstanceID, _ row: ActiveInstance?, _ board: inout Switchboard) {
    if let asked = lookups.removeValue(forKey: id) {
      if !entries.contains(id), let row, !row.instance.state.isTerminal {
        entries.insert(Entry(row.instance, row.definition, stage: .rereading))
      }
      admissionRead(id, &board)
      guard entries.contains(id) else { return answer(asked, id, row?.instance.state, &board) }
      entries[id]?.deferred.append(contentsOf: asked)
    }
    guard entries[id]?.stage == .rereading else { return resume(id, &board) }
    guard let row, !row.instance.state.isTerminal else {
      entries[id]?.submitter = nil
      return concludeRun(id, row?.instance.state ?? .cancelled, advanced: nil, &board)
    }
    adopt(row, &board)
  }

  /// Goes on from what the store says.
  private mutating func adopt(_ row: ActiveInstance, _ board: inout Switchboard) {
    let id = row.instance.id
    guard let known = entries[id] else { return }
    let isSame = known.instance.attempt == row.instance.attempt && known.instance.worker == row.instance.worker
    if !isSame || row.instance.state == .waiting || row.instance.state == .held { leavePlaced(id, .lost, &board) }
    entries[id]?.instance = row.instance
    entries[id]?.instance.startedAt = nil
    switch row.instance.state {
    case .held:
      entries[id]?.stage = .held
      resume(id, &board)
      if entries[id]?.stage == .held { drop(id, &board) }
    case .dispatched, .stopping:
      entries[id]?.stage = .placed
      entries[id]?.owesAck = false
      guard let ref = row.instance.worker else { return }
      if entries[id]?.isPlaced == false {
        entries[id]?.dispatchedAt = board.now.boot
        entries[id]?.acceptedAt = nil
        board.node(.taken(ref, slots: known.slots))
        enterPlaced(id, ref, &board)
        observe(.dispatched, id, &board)
      }
      guard board.sessions.isAlive(ref) else { return lose(id, .lost("its worker was lost"), ref, &board) }
      if row.instance.state == .stopping { sendStop(id, &board) } else { send(id, &board) }
      resume(id, &board)
    default:
      entries[id]?.stage = .waiting
      resume(id, &board)
    }
  }

  /// Answers requests for an instance that is over, or that is not there.
  private mutating func answer(
    _ asked: [Deferral], _ id: InstanceID, _ state: InstanceState?, _ board: inout Switchboard
  ) {
    for deferral in asked {
      switch deferral {
      case .end(let token), .release(let token):
        board.refuse(
          token, .conflict, state.map { "the instance is over: \($0.name)" } ?? "there is no such instance")
      case .chain(let job): chainAnswered(job, id, isOver: true, &board)
      case .result, .lost: break
      }
    }
  }
}
