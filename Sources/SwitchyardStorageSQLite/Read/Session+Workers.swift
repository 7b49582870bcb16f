import SwitchyardModel
import SwitchyardStorage

extension Reader.Session {
  /// - Parameter judged: whether those with a verdict are listed too.
  func workers(after: String?, limit: Int, judged: Bool) throws(SQLiteFailure) -> [WorkerRecord] {
    let select = try statement(
      after == nil
        ? "SELECT \(WorkerRecord.columns) FROM workers WHERE (? OR verdict IS NULL) ORDER BY name LIMIT ?"
        : "SELECT \(WorkerRecord.columns) FROM workers WHERE name > ? AND (? OR verdict IS NULL) ORDER BY name LIMIT ?")
    if let after { select.add(after) }
    select.add(judged ? 1 as Int64 : 0)
    select.add(Int64(max(0, limit)))
    return try select.all(WorkerRecord.init(row:))
  }

  func worker(name: String) throws(SQLiteFailure) -> [WorkerRecord] {
    let select = try statement("SELECT \(WorkerRecord.columns) FROM workers WHERE name = ?")
    select.add(name)
    return try select.all(WorkerRecord.init(row:))
  }

  func policies() throws(SQLiteFailure) -> [PolicyRevision] {
    try statement(
      """
      SELECT \(PolicyRevision.columns) FROM policies p
      WHERE revision = (SELECT max(revision) FROM policies WHERE app = p.app) ORDER BY app
      """
    ).all(PolicyRevision.init(row:))
  }

  func policy(app: String, revision: UInt64?) throws(SQLiteFailure) -> PolicyRevision? {
    let select = try statement(
      """
      SELECT \(PolicyRevision.columns) FROM policies WHERE app = ?1 AND (?2 IS NULL OR revision = ?2)
      ORDER BY revision DESC LIMIT 1
      """)
    select.add(app)
    select.add(revision.map { Int64(bitPattern: $0) })
    return try select.first(PolicyRevision.init(row:))
  }
}
