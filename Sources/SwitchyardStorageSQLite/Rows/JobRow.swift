import SwitchyardModel

/// A row of `jobs`: a job without its definition.
struct JobRow {
  var id: JobID
  var app: String
  var name: String
  var version: UInt32
  var state: JobState
  var nextFire: Timestamp?
  var anchor: Timestamp
  var chain: InstanceID?
  var createdAt: Timestamp
  var updatedAt: Timestamp

  /// What the initializer from a row reads, in its order.
  static let columns = """
    j.id, j.app, j.name, j.version, j.state, j.next_fire, j.anchor, j.chain, j.created_at, j.updated_at
    """

  init(row: inout Row) throws(SQLiteFailure) {
    id = row.id()
    app = row.text()
    name = row.text()
    version = row.uint32()
    state = try JobState(number: row.int64())
    nextFire = row.optionalTimestamp()
    anchor = row.timestamp()
    chain = row.optionalID()
    createdAt = row.timestamp()
    updatedAt = row.timestamp()
  }

  func job(_ definition: JobVersion) -> Job {
    Job(
      id: id, app: app, version: version, state: state, spec: definition.spec, nextFire: nextFire, anchor: anchor,
      chain: chain, createdAt: createdAt, updatedAt: updatedAt)
  }
}

extension JobState {
  var number: Int64 {
    switch self {
    case .enabled: 0
    case .paused: 1
    case .deleted: 2
    }
  }

  init(number: Int64) throws(SQLiteFailure) {
    switch number {
    case 0: self = .enabled
    case 1: self = .paused
    case 2: self = .deleted
    default: throw .damaged("\(number) is no state of a job")
    }
  }
}

extension JobSpec {
  /// Reads what was stored as JSON.
  init(stored text: String, of job: JobID, version: UInt32) throws(SQLiteFailure) {
    do {
      self = try JobSpec(json: JSONValue(parsing: text))
    } catch {
      throw .damaged("the definition of job \(job), version \(version), cannot be read: \(error)")
    }
  }
}
