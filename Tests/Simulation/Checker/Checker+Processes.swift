import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage

/// What really runs, against what may run.
extension Checker {
  mutating func started(
    _ ref: AttemptRef, on worker: WorkerRef, _ assignment: Assignment, slots: UInt32, _ now: Int64
  ) {
    let spec = assignment.definition.spec
    require(started.insert(ref).inserted, "an attempt begins once", "\(describe(ref)) on \(worker)", now)
    let isTimeless = timeless.contains(worker) && judged.contains(worker)
    require(
      !over.contains(worker) || isTimeless, "an incarnation that is over starts nothing",
      "\(describe(ref)) on \(worker)", now)
    guard let row = rows[ref.instance], dispatches[ref] != nil else {
      fail("what runs has been recorded before", "\(describe(ref)) on \(worker)", now)
      return
    }
    require(dispatches[ref] == worker, "an attempt runs where it was sent", "\(describe(ref)) on \(worker)", now)
    require(
      row.attempt == ref.attempt || isTimeless, "a superseded attempt does not begin",
      "\(describe(ref)) is at \(row.attempt)", now)
    require(
      row.state == .dispatched || row.state == .stopping || isTimeless, "what is over does not begin",
      "\(describe(ref)) is \(row.state)", now)
    if let other = running.first(where: { $0.ref.instance == ref.instance }), !isTimeless {
      // A job that goes on when isolated accepts that its successor may overlap it, after the verdict.
      require(
        !other.isExclusive && over.contains(other.worker), "two attempts of an instance never run at a time",
        "\(describe(ref)) on \(worker), \(describe(other.ref)) on \(other.worker)", now)
    }
    let starts = row.starts + 1
    rows[ref.instance]?.starts = starts
    if spec.onLost == .fail, spec.retry.limit == 0 {
      require(starts == 1, "at most once", "\(describe(ref)) is the start number \(starts)", now)
    }
    running.append(
      Running(
        ref: ref, worker: worker, slots: spec.slots, diesWithLease: spec.whenIsolated == .kill,
        isUnfenced: timeless.contains(worker)))
    let used = running.reduce(0) { $1.worker == worker ? $0 + $1.slots : $0 }
    require(used <= slots, "slots are never overrun", "\(used) of \(slots) on \(worker)", now)
  }

  /// A machine that stands still cannot be fenced: when it goes on, what runs there is killed late.
  mutating func standsStill(_ worker: WorkerRef, clocksStop: Bool) {
    for index in running.indices where running[index].worker == worker { running[index].isUnfenced = true }
    if clocksStop { timeless.insert(worker) }
  }

  mutating func failedToStart(_ ref: AttemptRef) { ends[ref] = .failed }

  mutating func ended(_ ref: AttemptRef, _ outcome: AttemptOutcome, _ now: Int64) {
    running.removeAll { $0.ref == ref }
    ends[ref] = outcome
  }

  /// The incarnation says good-bye or begins anew.
  mutating func left(_ worker: WorkerRef, running count: Int, _ now: Int64) {
    require(count == 0, "nothing of an incarnation outlives it", "\(count) run on \(worker)", now)
    over.insert(worker)
  }

  /// A verdict is durable.
  mutating func judged(_ worker: WorkerRef, _ now: Int64) {
    over.insert(worker)
    judged.insert(worker)
    guard let still = running.first(where: { $0.worker == worker && $0.isExclusive }) else { return }
    fail("what lost its server is dead before the verdict", "\(describe(still.ref)) runs on \(worker)", now)
  }

  /// A session is durable; that of a new incarnation says that the one before is over.
  mutating func joined(_ worker: WorkerRef, _ now: Int64) {
    require(!judged.contains(worker), "who was judged does not come back", "\(worker)", now)
    let before = incarnations[worker.name] ?? 0
    require(worker.incarnation >= before, "incarnations grow", "\(worker) after \(before)", now)
    if before > 0, worker.incarnation > before {
      judged(WorkerRef(name: worker.name, incarnation: before), now)
    }
    incarnations[worker.name] = worker.incarnation
  }

  // MARK: Acknowledgements

  /// The server acknowledges a result.
  mutating func acknowledged(_ ref: AttemptRef, to worker: String, store: ModelState, _ now: Int64) {
    require(
      dispatches[ref]?.name != worker || !isOpen(ref, store), "an acknowledged result is durable",
      "the server acknowledged \(describe(ref))", now)
  }

  /// The worker forgets a result: because it was acknowledged, or because its incarnation is over.
  mutating func forgot(_ ref: AttemptRef, by worker: WorkerRef, store: ModelState, _ now: Int64) {
    guard !judged.contains(worker) else { return }
    require(!isOpen(ref, store), "a result is kept until it is durable", "\(worker) forgot \(describe(ref))", now)
  }

  private func isOpen(_ ref: AttemptRef, _ store: ModelState) -> Bool {
    guard let instance = store.instance(ref.instance), instance.attempt == ref.attempt else { return false }
    return instance.state == .dispatched || instance.state == .stopping
  }
}
