import SwitchyardModel
import SwitchyardStorage

extension Reader.Session {
  func waiting(
    _ shard: Shard, readyBy: Timestamp, after: RankCursor?, limit: Int
  ) throws(SQLiteFailure) -> [ActiveInstance] {
    let select = try statement(
      """
      SELECT \(Instance.columns) FROM instances i INDEXED BY instances_waiting
      WHERE shard = ? AND state = 0 AND (rank, id) > (?, ?) AND ready_at <= ? ORDER BY rank, id LIMIT ?
      """)
    select.add(shard)
    select.add(after?.rank ?? .min)
    select.add(after.map { Int64(bitPattern: $0.instance.rawValue) } ?? -1)
    select.add(readyBy)
    select.add(Int64(max(0, limit)))
    return try active(select)
  }

  func placed(_ shard: Shard, after: InstanceID?, limit: Int) throws(SQLiteFailure) -> [ActiveInstance] {
    let select = try statement(
      """
      SELECT \(Instance.columns) FROM instances i INDEXED BY instances_placed
      WHERE shard = ? AND state IN (1, 2) AND id > ? ORDER BY id LIMIT ?
      """)
    select.add(shard)
    select.add(after.map { Int64(bitPattern: $0.rawValue) } ?? -1)
    select.add(Int64(max(0, limit)))
    return try active(select)
  }

  func queued(_ shard: Shard, after: InstanceID?, limit: Int) throws(SQLiteFailure) -> [ActiveInstance] {
    let select = try statement(
      """
      SELECT \(Instance.columns) FROM instances i INDEXED BY instances_queued
      WHERE shard = ? AND state = 4 AND id > ? ORDER BY id LIMIT ?
      """)
    select.add(shard)
    select.add(after.map { Int64(bitPattern: $0.rawValue) } ?? -1)
    select.add(Int64(max(0, limit)))
    return try active(select)
  }

  func active(_ id: InstanceID) throws(SQLiteFailure) -> [ActiveInstance] {
    try self.instance(id).map { instance throws(SQLiteFailure) in
      [ActiveInstance(instance: instance, definition: try expectedDefinition(instance.job, instance.jobVersion))]
    } ?? []
  }

  private func active(_ select: Statement) throws(SQLiteFailure) -> [ActiveInstance] {
    var page: [ActiveInstance] = []
    for instance in try select.all(Instance.init(row:)) {
      let definition = try expectedDefinition(instance.job, instance.jobVersion)
      page.append(ActiveInstance(instance: instance, definition: definition))
    }
    return page
  }

  func instance(_ id: InstanceID) throws(SQLiteFailure) -> Instance? {
    let select = try statement("SELECT \(Instance.columns) FROM instances i WHERE id = ?")
    select.add(id)
    return try select.first(Instance.init(row:))
  }

  /// Due times are the integers among the occurrences, and come before all text.
  func dueRecord(of job: JobID, by time: Timestamp) throws(SQLiteFailure) -> Instance? {
    let select = try statement(
      """
      SELECT \(Instance.columns) FROM instances i INDEXED BY instances_occurrence
      WHERE job = ? AND occurrence IS NOT NULL AND occurrence <= ? ORDER BY occurrence DESC LIMIT 1
      """)
    select.add(job)
    select.add(time)
    return try select.first(Instance.init(row:))
  }

  func attempts(of instance: InstanceID) throws(SQLiteFailure) -> [PastAttempt] {
    let select = try statement("SELECT \(PastAttempt.columns) FROM past_attempts WHERE instance = ? ORDER BY number")
    select.add(instance)
    return try select.all(PastAttempt.init(row:))
  }

  func activeCounts() throws(SQLiteFailure) -> [InstanceState: Int] {
    let select = try statement(
      """
      SELECT 0, count(*) FROM instances INDEXED BY instances_waiting WHERE state = 0
      UNION ALL
      SELECT 4, count(*) FROM instances INDEXED BY instances_queued WHERE state = 4
      UNION ALL
      SELECT state, count(*) FROM instances INDEXED BY instances_placed WHERE state IN (1, 2) GROUP BY state
      UNION ALL
      SELECT 3, count(*) FROM instances INDEXED BY instances_unusual
      WHERE state = 3 AND state IN (3, 11, 12, 13, 14, 15, 16, 17)
      """)
    var counts: [InstanceState: Int] = [:]
    for entry in try select.all(StateCount.init(row:)) where entry.count > 0 { counts[entry.state] = entry.count }
    return counts
  }
}

private struct StateCount {
  var state: InstanceState
  var count: Int

  init(row: inout Row) throws(SQLiteFailure) {
    state = try row.choice()
    count = Int(row.int64())
  }
}
