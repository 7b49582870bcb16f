package import SwitchyardModel

extension ModelState {
  mutating func createInstance(_ instance: Instance, _ due: DueGuard?, by authority: StoreOp.Authority) -> OpResult {
    guard authority.owns(instance.shard) else { return .fenced }
    guard instance.isStorable, let job = jobs[instance.job], TextKey(instance.app) == TextKey(job.app),
      versions[VersionKey(job: job.id, number: instance.jobVersion)] != nil
    else { return .conflict }
    guard due == nil || authority.owns(job.shard) else { return .fenced }
    let fires = due.map { holds($0, of: job) }

    if let existing = occurrences[OccurrenceKey(instance)] {
      // Fired before: the job must go on all the same, or it would come up as due for ever.
      if let due, fires == true {
        advance(job, nextFire: due.nextFire, chain: due.chain == nil ? nil : existing)
      }
      return .duplicate(existing.rawValue)
    }
    guard fires ?? (job.state != .deleted), instances[instance.id] == nil else { return .conflict }
    if let due { advance(job, nextFire: due.nextFire, chain: due.chain) }
    occurrences[OccurrenceKey(instance)] = instance.id
    put(instance)
    highestID = max(highestID, instance.id.rawValue)
    return .applied
  }

  mutating func dispatch(_ dispatch: Dispatch, by authority: StoreOp.Authority) -> OpResult {
    guard var instance = instances[dispatch.instance] else { return .conflict }
    guard authority.owns(instance.shard) else { return .fenced }
    guard instance.state == .waiting, instance.attempt < .max,
      !guards.contains(.attempt) || instance.attempt == dispatch.expectedAttempt
    else { return .conflict }
    instance.state = .dispatched
    instance.attempt += 1
    instance.worker = dispatch.worker
    instance.dispatchedAt = dispatch.at
    instance.detail = nil
    put(instance)
    return .applied
  }

  mutating func finish(_ finish: Finish, by authority: StoreOp.Authority) -> OpResult {
    guard var instance = instances[finish.instance] else { return .conflict }
    guard authority.owns(instance.shard) else { return .fenced }
    guard instance.state == .dispatched || instance.state == .stopping, finish.next.isLegal(from: instance.state),
      !guards.contains(.attempt) || (instance.attempt == finish.attempt && instance.worker == finish.worker)
    else { return .conflict }
    instance.detail = finish.detail
    switch finish.next {
    case .end(let state):
      instance.state = state
      if finish.outcome.countsAsTry, instance.tries < .max { instance.tries += 1 }
      instance.startedAt = finish.startedAt
      instance.endedAt = finish.endedAt
      instance.result = finish.result
    case .wait(let readyAt, let tries):
      remember(finish, of: instance)
      instance.state = .waiting
      instance.readyAt = readyAt
      instance.tries = tries
      instance.dispatchedAt = nil
    case .hold:
      remember(finish, of: instance)
      instance.state = .held
      instance.dispatchedAt = nil
    }
    put(instance)
    advance(finish.chain, by: authority)
    return .applied
  }

  mutating func settle(_ settlement: Settlement, by authority: StoreOp.Authority) -> OpResult {
    guard var instance = instances[settlement.instance] else { return .conflict }
    guard authority.owns(instance.shard) else { return .fenced }
    guard settlement.isLegal, instance.state == settlement.from, instance.attempt == settlement.attempt
    else { return .conflict }
    instance.state = settlement.to
    instance.detail = settlement.detail
    if settlement.to == .waiting { instance.readyAt = settlement.at } else { instance.endedAt = settlement.at }
    put(instance)
    advance(settlement.chain, by: authority)
    return .applied
  }

  mutating func requestStop(_ id: InstanceID, attempt: UInt32, by authority: StoreOp.Authority) -> OpResult {
    guard var instance = instances[id] else { return .conflict }
    guard authority.owns(instance.shard) else { return .fenced }
    guard instance.attempt == attempt else { return .conflict }
    if instance.state == .stopping { return .duplicate(nil) }
    guard instance.state == .dispatched else { return .conflict }
    instance.state = .stopping
    put(instance)
    return .applied
  }

  private mutating func remember(_ finish: Finish, of instance: Instance) {
    guard let worker = instance.worker else { return }
    history[instance.id, default: []].append(
      PastAttempt(
        number: instance.attempt, worker: worker, dispatchedAt: instance.dispatchedAt ?? finish.endedAt,
        startedAt: finish.startedAt, endedAt: finish.endedAt, outcome: finish.outcome, detail: finish.detail))
  }

  /// Stores the row and keeps the indexes in step with it.
  private mutating func put(_ instance: Instance) {
    let shard = Int(instance.shard.number)
    if let old = instances[instance.id] {
      if !old.state.isTerminal { counts[Int(old.state.rawValue)] -= 1 }
      if old.state == .waiting { waiting[shard].remove(old.rankKey) }
      if old.state.isPlaced && !instance.state.isPlaced { placed[shard].remove(old.id) }
    } else {
      instanceIDs.insert(instance.id)
    }
    if !instance.state.isTerminal { counts[Int(instance.state.rawValue)] += 1 }
    if instance.state == .waiting { waiting[shard].insert(instance.rankKey) }
    if instance.state.isPlaced { placed[shard].insert(instance.id) }
    instances[instance.id] = instance
  }
}

extension InstanceState {
  var isPlaced: Bool { self == .dispatched || self == .stopping }
}

extension Instance {
  var rankKey: RankCursor { RankCursor(rank: rank, instance: id) }

  /// What a row may begin as: waiting, or the record of a due time that was skipped. An occurrence `id:…`
  /// must be the instance's own, so that its uniqueness follows from the identity's.
  package var isStorable: Bool {
    guard id.rawValue <= Int64.max, state == .waiting || state == .skipped else { return false }
    return !occurrence.text.utf8.starts(with: "id:".utf8) || isOwnOccurrence
  }

  package var isOwnOccurrence: Bool {
    occurrence.text.utf8.elementsEqual(Occurrence.submitted(id).text.utf8)
  }
}

extension Finish.Next {
  /// The state that follows.
  package var state: InstanceState {
    switch self {
    case .end(let state): state
    case .wait: .waiting
    case .hold: .held
    }
  }

  /// Whether a placed instance in `state` may go on so; `end` leads to an end only.
  package func isLegal(from state: InstanceState) -> Bool {
    if case .end(let end) = self, !end.isTerminal { return false }
    return state.mayBecome(self.state)
  }
}

extension Settlement {
  package var isLegal: Bool { (from == .waiting || from == .held) && to != .dispatched && from.mayBecome(to) }
}
