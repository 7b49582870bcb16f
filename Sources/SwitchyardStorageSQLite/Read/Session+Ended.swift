import SwitchyardModel
import SwitchyardStorage

/// What retention may forget.
extension Reader.Session {
  /// Walks the oldest rows, which are the first.
  func ended(
    before time: Timestamp, after: InstanceID?, below: InstanceID, limit: Int
  ) throws(SQLiteFailure) -> [EndedInstance] {
    let select = try statement(
      """
      SELECT id, job, attempt FROM instances NOT INDEXED
      WHERE id > ? AND id < ? AND state >= 10 AND ended_at < ? ORDER BY id LIMIT ?
      """)
    select.add(after.map { Int64(clamping: $0.rawValue) } ?? -1)
    select.add(Int64(clamping: below.rawValue))
    select.add(time)
    select.add(Int64(max(0, limit)))
    return try select.all(EndedInstance.init(row:))
  }

  func ended(of job: JobID, beyond count: Int, limit: Int) throws(SQLiteFailure) -> [EndedInstance] {
    let select = try statement(
      """
      SELECT id, job, attempt FROM instances INDEXED BY instances_job
      WHERE job = ?1 AND id < (
        SELECT id FROM instances INDEXED BY instances_job WHERE job = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)
        AND state >= 10
      ORDER BY id DESC LIMIT ?3
      """)
    select.add(job)
    select.add(Int64(max(1, count) - 1))
    select.add(Int64(max(0, limit)))
    return try select.all(EndedInstance.init(row:))
  }

  func deletedJobs(before time: Timestamp, after: JobID?, limit: Int) throws(SQLiteFailure) -> [JobID] {
    let select = try statement(
      "SELECT id FROM jobs INDEXED BY jobs_deleted WHERE state = 2 AND id > ? AND updated_at < ? ORDER BY id LIMIT ?")
    select.add(after.map { Int64(clamping: $0.rawValue) } ?? -1)
    select.add(time)
    select.add(Int64(max(0, limit)))
    return try select.all(JobID.init(row:))
  }
}

extension EndedInstance {
  fileprivate init(row: inout Row) { self.init(id: row.id(), job: row.id(), attempts: row.uint32()) }
}
