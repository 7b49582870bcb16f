import SwitchyardModel
import SwitchyardStorage

/// The writer's statements on jobs.
struct JobStatements {
  let find: Statement
  let findName: Statement
  let insert: Statement
  let edit: Statement
  let setState: Statement
  let advance: Statement
  let advanceChain: Statement
  let addVersion: Statement
  let findVersion: Statement

  init(_ connection: Connection) throws(SQLiteFailure) {
    find = try connection.prepare("SELECT \(JobRow.columns) FROM jobs j WHERE id = ?")
    findName = try connection.prepare("SELECT id FROM jobs WHERE app = ? AND name = ? AND state <> 2")
    insert = try connection.prepare(
      """
      INSERT INTO jobs (id, app, name, shard, version, state, next_fire, anchor, chain, created_at, updated_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
      """)
    edit = try connection.prepare(
      "UPDATE jobs SET version = ?, state = ?, next_fire = ?, anchor = ?, chain = ?, updated_at = ? WHERE id = ?")
    setState = try connection.prepare("UPDATE jobs SET state = ?, next_fire = ?, updated_at = ? WHERE id = ?")
    advance = try connection.prepare("UPDATE jobs SET next_fire = ?, chain = ? WHERE id = ?")
    advanceChain = try connection.prepare(
      "UPDATE jobs SET next_fire = ? WHERE id = ? AND chain = ? AND shard = ? AND state = 0")
    findVersion = try connection.prepare("SELECT 1 FROM job_versions WHERE job = ? AND version = ?")
    addVersion = try connection.prepare("INSERT INTO job_versions (job, version, spec) VALUES (?, ?, ?)")
  }
}

extension Applier {
  func findJob(_ id: JobID) throws(SQLiteFailure) -> JobRow? {
    jobs.find.add(id)
    return try jobs.find.first(JobRow.init(row:))
  }

  func createJob(_ job: Job, by authority: StoreOp.Authority) throws(SQLiteFailure) -> OpResult {
    guard authority.owns(job.shard) else { return .fenced }
    guard job.isStorable, job.version == 1, job.state != .deleted else { return .conflict }
    let insert = jobs.insert
    insert.add(job.id)
    insert.add(job.app)
    insert.add(job.spec.name)
    insert.add(job.shard)
    insert.add(job.version)
    insert.add(job.state.number)
    insert.add(job.nextFire)
    insert.add(job.anchor)
    insert.add(job.chain)
    insert.add(job.createdAt)
    insert.add(job.updatedAt)
    guard try insert.run() == 1 else {
      jobs.findName.add(job.app)
      jobs.findName.add(job.spec.name)
      return try jobs.findName.first(UInt64.init(row:)).map { .duplicate($0) } ?? .conflict
    }
    try addVersion(of: job)
    return .applied
  }

  func editJob(_ job: Job, by authority: StoreOp.Authority) throws(SQLiteFailure) -> OpResult {
    guard authority.owns(job.shard) else { return .fenced }
    guard let stored = try findJob(job.id), stored.state != .deleted, job.state != .deleted,
      stored.version < .max, job.version == stored.version + 1,
      job.app.utf8.elementsEqual(stored.app.utf8), job.spec.name.utf8.elementsEqual(stored.name.utf8)
    else { return .conflict }
    let edit = jobs.edit
    edit.add(job.version)
    edit.add(job.state.number)
    edit.add(job.nextFire)
    edit.add(job.anchor)
    edit.add(job.chain)
    edit.add(job.updatedAt)
    edit.add(job.id)
    try edit.run()
    try addVersion(of: job)
    return .applied
  }

  func setJobState(_ change: JobStateChange, by authority: StoreOp.Authority) throws(SQLiteFailure) -> OpResult {
    guard authority.owns(Shard(of: change.job)) else { return .fenced }
    guard let job = try findJob(change.job), job.version == change.version else { return .conflict }
    if job.state == .deleted { return change.state == .deleted ? .duplicate(nil) : .conflict }
    jobs.setState.add(change.state.number)
    jobs.setState.add(change.state == .deleted ? nil : change.nextFire)
    jobs.setState.add(change.at)
    jobs.setState.add(change.job)
    try jobs.setState.run()
    return .applied
  }

  func advance(_ job: JobID, nextFire: Timestamp?, chain: InstanceID?) throws(SQLiteFailure) {
    jobs.advance.add(nextFire)
    jobs.advance.add(chain)
    jobs.advance.add(job)
    try jobs.advance.run()
  }

  func advance(_ chain: ChainAdvance?, by authority: StoreOp.Authority) throws(SQLiteFailure) {
    guard let chain, case .shard(let shard, _) = authority else { return }
    jobs.advanceChain.add(chain.nextFire)
    jobs.advanceChain.add(chain.job)
    jobs.advanceChain.add(chain.predecessor)
    jobs.advanceChain.add(shard)
    try jobs.advanceChain.run()
  }

  func hasVersion(_ version: UInt32, of job: JobRow) throws(SQLiteFailure) -> Bool {
    if version == job.version { return true }
    jobs.findVersion.add(job.id)
    jobs.findVersion.add(version)
    return try jobs.findVersion.first { _ throws(SQLiteFailure) in true } ?? false
  }

  private func addVersion(of job: Job) throws(SQLiteFailure) {
    jobs.addVersion.add(job.id)
    jobs.addVersion.add(job.version)
    jobs.addVersion.add(job.spec.json.text)
    try jobs.addVersion.run()
  }
}
