import SwitchyardModel
import SwitchyardStorage

extension Instance {
  /// What the initializer from a row reads, in its order.
  static let columns = """
    i.id, i.job, i.job_version, i.app, i.shard, i.occurrence, i.state, i.attempt, i.tries, i.priority, \
    i.ready_at, i.due_at, i.created_at, i.worker, i.incarnation, i.dispatched_at, i.started_at, i.ended_at, \
    i.parameters, i.result, i.detail
    """

  init(row: inout Row) throws(SQLiteFailure) {
    let id = row.id(InstanceID.self)
    self.init(
      id: id, job: row.id(), jobVersion: row.uint32(), app: row.text(), shard: row.shard(),
      occurrence: row.occurrence(of: id), state: try row.choice(), attempt: row.uint32(), tries: row.uint32(),
      priority: row.int32(), readyAt: row.timestamp(), dueAt: row.timestamp(), createdAt: row.timestamp(),
      worker: row.optionalWorker(), dispatchedAt: row.optionalTimestamp(), startedAt: row.optionalTimestamp(),
      endedAt: row.optionalTimestamp(), parameters: row.optionalText(), result: row.optionalText(),
      detail: row.optionalText())
  }
}

extension PastAttempt {
  static let columns = "number, worker, incarnation, dispatched_at, started_at, ended_at, outcome, detail"

  init(row: inout Row) throws(SQLiteFailure) {
    self.init(
      number: row.uint32(), worker: row.worker(), dispatchedAt: row.timestamp(),
      startedAt: row.optionalTimestamp(), endedAt: row.timestamp(), outcome: try row.choice(),
      detail: row.optionalText())
  }
}

extension Row {
  mutating func worker() -> WorkerRef { WorkerRef(name: text(), incarnation: uint64()) }

  mutating func optionalWorker() -> WorkerRef? {
    let name = optionalText()
    let incarnation = optionalInt64()
    guard let name, let incarnation else { return nil }
    return WorkerRef(name: name, incarnation: UInt64(bitPattern: incarnation))
  }
}

extension Statement {
  func add(_ worker: WorkerRef) {
    add(worker.name)
    add(worker.incarnation)
  }

  func add(_ worker: WorkerRef?) {
    add(worker?.name)
    add(worker.map { Int64(bitPattern: $0.incarnation) })
  }

  /// The occurrence in its short form; see the schema.
  func add(occurrenceOf instance: Instance) {
    if instance.isOwnOccurrence {
      addNull()
    } else if let time = instance.occurrence.dueTime {
      add(time)
    } else {
      add(instance.occurrence.text)
    }
  }
}
