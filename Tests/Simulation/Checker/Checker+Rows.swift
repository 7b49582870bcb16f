import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage

/// Every operation that the store applied, against the life that an instance may have.
extension Checker {
  mutating func applied(
    _ group: CommitGroup, _ results: [OpResult], store: ModelState, _ now: Int64
  ) {
    require(group.server == owner, "a server that is over writes nothing", "\(group.server)", now)
    require(results.count == group.ops.count, "each operation has a result", "\(results.count)", now)
    touched.removeAll(keepingCapacity: true)
    for (op, result) in zip(group.ops, results) {
      if case .shard(let shard, let epoch) = op.authority, result == .applied {
        let newest = epochs[Int(shard.number)]
        require(epoch == newest, "an owner of old writes nothing", "epoch \(epoch) of \(newest)", now)
      }
      apply(op.verb, result, now)
    }
    for id in touched { compare(id, store, now) }
  }

  private mutating func apply(_ verb: StoreOp.Verb, _ result: OpResult, _ now: Int64) {
    switch verb {
    case .createInstance(let instance, let due):
      if result == .applied { create(instance, now) }
      fired(instance, due, result, now)
    default:
      guard result == .applied else { return }
      apply(verb, now)
    }
  }

  private mutating func apply(_ verb: StoreOp.Verb, _ now: Int64) {
    switch verb {
    case .createInstance, .putPolicy, .purgeInstances, .purgeJob, .purgeWorker, .access: break
    case .putWorker(let record): joined(record.ref, now)
    case .createJob(let job): stored(job, now)
    case .editJob(let job): stored(job, now)
    case .setJobState(let change): changed(change, now)
    case .dispatch(let dispatch): self.dispatch(dispatch, now)
    case .finish(let finish): self.finish(finish, now)
    case .settle(let settlement): settle(settlement, now)
    case .requestStop(let id, let attempt):
      let row = rows[id]
      require(
        row?.state == .dispatched && row?.attempt == attempt, "a stop is for the attempt that it names",
        "\(id)/\(attempt)", now)
      become(.stopping, id, by: "requestStop", now)
    case .judgeWorker(let ref, _, _, _): judged(ref, now)
    }
  }

  private mutating func create(_ instance: Instance, _ now: Int64) {
    let key = OccurrenceKey(job: instance.job, text: instance.occurrence.text)
    require(rows[instance.id] == nil, "identities are used once", "\(instance.id)", now)
    require(occurrences[key] == nil, "each occurrence has one record", "\(key.text) of job \(instance.job)", now)
    occurrences[key] = instance.id
    rows[instance.id] = Row(
      job: instance.job, shard: instance.shard,
      isLimited: limitedVersions.contains(VersionKey(job: instance.job, version: instance.jobVersion)),
      occurrence: instance.occurrence, state: instance.state, attempt: instance.attempt)
    touched.append(instance.id)
    coverage?.add(from: nil, to: instance.state, by: "createInstance")
    if !instance.state.isTerminal { active.append(instance.id) }
    if instance.state == .queued { lined(up: instance, now) }
  }

  private mutating func dispatch(_ dispatch: Dispatch, _ now: Int64) {
    guard let row = rows[dispatch.instance] else {
      return fail("only instances are dispatched", "\(dispatch.instance)", now)
    }
    require(
      row.state.isWaiting && row.attempt == dispatch.expectedAttempt, "attempts grow one by one",
      "\(dispatch.instance) is \(row.state) at \(row.attempt), dispatched at \(dispatch.expectedAttempt)", now)
    require(
      !judged.contains(dispatch.worker), "nothing is sent to an incarnation that is over",
      "\(dispatch.instance) to \(dispatch.worker)", now)
    rows[dispatch.instance]?.attempt = row.attempt + 1
    rows[dispatch.instance]?.worker = dispatch.worker
    dispatches[AttemptRef(instance: dispatch.instance, attempt: row.attempt + 1)] = dispatch.worker
    become(.dispatched, dispatch.instance, by: "dispatch", now)
    placed(row, now)
  }

  private mutating func finish(_ finish: Finish, _ now: Int64) {
    let ref = AttemptRef(instance: finish.instance, attempt: finish.attempt)
    guard let row = rows[finish.instance] else { return fail("only instances end", describe(ref), now) }
    require(
      row.attempt == finish.attempt && row.worker == finish.worker, "a stale result changes nothing",
      "\(describe(ref)) of \(finish.worker), the row has \(row.attempt) of \(row.worker?.description ?? "nobody")", now)
    switch finish.outcome {
    case .succeeded, .timedOut:
      require(ends[ref] == finish.outcome, "an outcome is what happened", "\(describe(ref)) \(finish.outcome)", now)
    case .rejected, .superseded:
      require(!started.contains(ref), "what was given back never ran", "\(describe(ref)) \(finish.outcome)", now)
    case .failed, .stopped, .lost, .isolated: break
    }
    if let still = running.first(where: { $0.ref == ref }) {
      require(
        !still.isExclusive && over.contains(still.worker), "what is over does not run",
        "\(describe(ref)) \(finish.outcome) runs on \(still.worker)", now)
    }
    if row.state == .stopping {
      require(finish.next.isEnd, "what is to stop does not go on", "\(describe(ref)) \(finish.outcome)", now)
    }
    switch finish.next {
    case .end(let state): become(state, finish.instance, by: "finish", now)
    case .wait: become(.waiting, finish.instance, by: "finish", now)
    case .hold: become(.held, finish.instance, by: "finish", now)
    }
    advance(finish.chain, now)
  }

  private mutating func settle(_ settlement: Settlement, _ now: Int64) {
    let row = rows[settlement.instance]
    require(
      row?.state == settlement.from && row?.attempt == settlement.attempt, "only what waits is settled",
      "\(settlement.instance) to \(settlement.to)", now)
    become(settlement.to, settlement.instance, by: "settle", now)
    advance(settlement.chain, now)
  }

  private mutating func become(_ state: InstanceState, _ id: InstanceID, by verb: String, _ now: Int64) {
    guard let old = rows[id]?.state else { return fail("only instances change", "\(id)", now) }
    require(!old.isTerminal, "what is over stays as it is", "\(id): \(old) → \(state)", now)
    coverage?.add(from: old, to: state, by: verb)
    rows[id]?.state = state
    touched.append(id)
    if state.isTerminal { active.removeAll { $0 == id } }
  }

  /// The store's row is what its operations made of it, and nothing else touched it.
  private mutating func compare(_ id: InstanceID, _ store: ModelState, _ now: Int64) {
    guard let row = rows[id], let stored = store.instance(id) else {
      return fail("what was stored is there", "\(id)", now)
    }
    let same = stored.state == row.state && stored.attempt == row.attempt
    require(same, "a row is what its operations made it", "\(id): \(stored.state)/\(stored.attempt)", now)
  }

  // MARK: The end

  mutating func finalCheck(store: ModelState, _ now: Int64) {
    if let id = active.first { fail("everything comes to its end", "\(id)", now) }
    for (key, id) in occurrences.sorted(by: { $0.value < $1.value }) {
      guard let row = rows[id], let stored = store.instance(id) else {
        fail("what was stored is there", "\(id)", now)
        continue
      }
      require(
        stored.state == row.state && stored.job == key.job && stored.occurrence.text == key.text,
        "what was stored stays as it is", "\(id)", now)
    }
    let count = running.count
    require(count == 0, "nothing runs in the end", "\(count)", now)
  }
}
