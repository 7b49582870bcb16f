/// The writer's statements on instances.
struct InstanceStatements {
  let find: Statement
  let findOccurrence: Statement
  let findOwn: Statement
  let insert: Statement
  let dispatch: Statement
  let end: Statement
  let wait: Statement
  let remember: Statement
  let settle: Statement
  let stop: Statement

  init(_ connection: Connection) throws(SQLiteFailure) {
    find = try connection.prepare(
      "SELECT shard, state, attempt, priority, dispatched_at, worker, incarnation FROM instances WHERE id = ?")
    findOccurrence = try connection.prepare("SELECT id FROM instances WHERE job = ? AND occurrence = ?")
    findOwn = try connection.prepare("SELECT id FROM instances WHERE id = ? AND job = ? AND occurrence IS NULL")
    insert = try connection.prepare(
      """
      INSERT INTO instances (id, job, job_version, app, shard, occurrence, state, attempt, tries, priority, rank,
        ready_at, due_at, created_at, worker, incarnation, dispatched_at, started_at, ended_at, parameters, result,
        detail)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
      """)
    dispatch = try connection.prepare(
      """
      UPDATE instances SET state = 1, attempt = attempt + 1, worker = ?, incarnation = ?, dispatched_at = ?, detail = NULL
      WHERE id = ? AND state IN (0, 4) AND attempt = ? AND shard = ?
      """)
    end = try connection.prepare(
      """
      UPDATE instances SET state = ?, tries = min(tries + ?, 4294967295), started_at = ?, ended_at = ?, result = ?,
        detail = ?
      WHERE id = ? AND state IN (1, 2) AND attempt = ? AND worker = ? AND incarnation = ? AND shard = ?
      """)
    wait = try connection.prepare(
      """
      UPDATE instances SET state = ?, rank = coalesce(?, rank), ready_at = coalesce(?, ready_at),
        tries = coalesce(?, tries), dispatched_at = NULL, detail = ? WHERE id = ?
      """)
    remember = try connection.prepare(
      """
      INSERT INTO past_attempts (instance, number, worker, incarnation, dispatched_at, started_at, ended_at, outcome,
        detail)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
    settle = try connection.prepare(
      """
      UPDATE instances SET state = ?, rank = coalesce(?, rank), ready_at = coalesce(?, ready_at),
        ended_at = coalesce(?, ended_at), detail = ? WHERE id = ?
      """)
    stop = try connection.prepare(
      "UPDATE instances SET state = 2 WHERE id = ? AND state = 1 AND attempt = ? AND shard = ?")
  }
}
