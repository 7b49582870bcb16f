import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage

/// What really runs, against what may run.
extension Checker {
  mutating func started(
    _ ref: AttemptRef, on worker: WorkerRef, _ assignment: Assignment, store: ModelState, _ now: Int64
  ) {
    let spec = assignment.definition.spec
    require(started.insert(ref).inserted, "an attempt begins once", "\(describe(ref)) on \(worker)", now)
    require(!over.contains(worker), "an incarnation that is over starts nothing", "\(describe(ref)) on \(worker)", now)
    guard let row = rows[ref.instance], dispatches[ref] != nil else {
      fail("what runs has been recorded before", "\(describe(ref)) on \(worker)", now)
      return
    }
    require(dispatches[ref] == worker, "an attempt runs where it was sent", "\(describe(ref)) on \(worker)", now)
    require(
      row.attempt == ref.attempt, "a superseded attempt does not begin", "\(describe(ref)) is at \(row.attempt)", now)
    require(
      row.state == .dispatched || row.state == .stopping, "what is over does not begin",
      "\(describe(ref)) is \(row.state)", now)
    if let other = running.first(where: { $0.ref.instance == ref.instance }) {
      // A job that goes on when isolated accepts that its successor may overlap it, after the verdict.
      require(
        !other.diesWithLease && over.contains(other.worker), "two attempts of an instance never run at a time",
        "\(describe(ref)) on \(worker), \(describe(other.ref)) on \(other.worker)", now)
    }
    let starts = row.starts + 1
    rows[ref.instance]?.starts = starts
    if spec.onLost == .fail, spec.retry.limit == 0 {
      require(starts == 1, "at most once", "\(describe(ref)) is the start number \(starts)", now)
    }
    running.append(Running(ref: ref, worker: worker, diesWithLease: spec.whenIsolated == .kill))
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
    guard let still = running.first(where: { $0.worker == worker && $0.diesWithLease }) else { return }
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
  mutating func acknowledged(_ ref: AttemptRef, store: ModelState, _ now: Int64) {
    require(
      !isOpen(ref, store), "an acknowledged result is durable", "the server acknowledged \(describe(ref))", now)
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
