import SwitchyardModel
import SwitchyardStorage

extension Reader.Session {
  func definition(_ job: JobID, _ version: UInt32) throws(SQLiteFailure) -> JobVersion? {
    if let known = definitions.find(job, version) { return known }
    let select = try statement(
      "SELECT v.spec, j.app FROM job_versions v JOIN jobs j ON j.id = v.job WHERE v.job = ? AND v.version = ?")
    select.add(job)
    select.add(version)
    guard let found = try select.first(StoredDefinition.init(row:)) else { return nil }
    let definition = JobVersion(
      job: job, number: version, app: found.app, spec: try JobSpec(stored: found.spec, of: job, version: version))
    definitions.insert(definition)
    return definition
  }

  func expectedDefinition(_ job: JobID, _ version: UInt32) throws(SQLiteFailure) -> JobVersion {
    guard let definition = try definition(job, version) else {
      throw .damaged("version \(version) of job \(job) is missing")
    }
    return definition
  }

  func dueJobs(
    _ shard: Shard, until: Timestamp, after: DueCursor?, limit: Int
  ) throws(SQLiteFailure) -> [Job] {
    let select = try statement(
      """
      SELECT \(JobRow.columns) FROM jobs j INDEXED BY jobs_due
      WHERE shard = ? AND state = 0 AND next_fire IS NOT NULL AND next_fire <= ? AND (next_fire, id) > (?, ?)
      ORDER BY next_fire, id LIMIT ?
      """)
    select.add(shard)
    select.add(until)
    select.add(after?.nextFire ?? .distantPast)
    select.add(after.map { Int64(bitPattern: $0.job.rawValue) } ?? -1)
    select.add(Int64(max(0, limit)))
    return try jobs(select)
  }

  func job(_ id: JobID) throws(SQLiteFailure) -> [Job] {
    let select = try statement("SELECT \(JobRow.columns) FROM jobs j WHERE id = ?")
    select.add(id)
    return try jobs(select)
  }

  func job(app: String, name: String) throws(SQLiteFailure) -> Job? {
    let select = try statement("SELECT \(JobRow.columns) FROM jobs j WHERE app = ? AND name = ? AND state <> 2")
    select.add(app)
    select.add(name)
    return try jobs(select).first
  }

  func jobs(app: String?, after: JobCursor?, limit: Int) throws(SQLiteFailure) -> [Job] {
    let select: Statement
    switch (app, after) {
    case (nil, nil):
      select = try statement("SELECT \(JobRow.columns) FROM jobs j WHERE state <> 2 ORDER BY app, name LIMIT ?")
    case (nil, let after?):
      select = try statement(
        """
        SELECT \(JobRow.columns) FROM jobs j WHERE state <> 2 AND (app, name) > (?, ?) ORDER BY app, name LIMIT ?
        """)
      select.add(after.app)
      select.add(after.name)
    case (let app?, let after?) where TextKey(app) == TextKey(after.app):
      select = try statement(
        "SELECT \(JobRow.columns) FROM jobs j WHERE state <> 2 AND app = ? AND name > ? ORDER BY name LIMIT ?")
      select.add(app)
      select.add(after.name)
    case (let app?, let after):
      if let after, TextKey(app) < TextKey(after.app) { return [] }
      select = try statement(
        "SELECT \(JobRow.columns) FROM jobs j WHERE state <> 2 AND app = ? ORDER BY name LIMIT ?")
      select.add(app)
    }
    select.add(Int64(max(0, limit)))
    return try jobs(select)
  }

  private func jobs(_ select: Statement) throws(SQLiteFailure) -> [Job] {
    var jobs: [Job] = []
    for row in try select.all(JobRow.init(row:)) {
      jobs.append(row.job(try expectedDefinition(row.id, row.version)))
    }
    return jobs
  }
}

private struct StoredDefinition {
  var spec: String
  var app: String

  init(row: inout Row) {
    spec = row.text()
    app = row.text()
  }
}
