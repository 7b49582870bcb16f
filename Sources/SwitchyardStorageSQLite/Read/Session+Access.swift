import SwitchyardModel

extension Reader.Session {
  func tokens() throws(SQLiteFailure) -> [TokenRecord] {
    try statement("SELECT \(TokenRecord.columns) FROM tokens ORDER BY id").all(TokenRecord.init(row:))
  }

  func audit(_ filter: AuditFilter, before: UInt64?, limit: Int) throws(SQLiteFailure) -> [AuditRecord] {
    // Each condition has its own text, so that the index of the app or of the token is used where there is one.
    var conditions = ["number < ?"]
    if filter.token != nil { conditions.append("token = ?") }
    if filter.app != nil { conditions.append("app = ?") }
    if filter.since != nil { conditions.append("at >= ?") }
    let select = try statement(
      """
      SELECT \(AuditRecord.columns) FROM audit WHERE \(conditions.joined(separator: " AND "))
      ORDER BY number DESC LIMIT ?
      """)
    select.add(min(before ?? .max, UInt64(Int64.max)))
    if let token = filter.token { select.add(token) }
    if let app = filter.app { select.add(app) }
    if let since = filter.since { select.add(since) }
    select.add(Int64(max(0, limit)))
    return try select.all { row throws(SQLiteFailure) in AuditRecord(row: &row) }
  }

  func apps() throws(SQLiteFailure) -> [AppSummary] {
    try statement(
      """
      SELECT app, sum(jobs), max(revision) FROM (
        SELECT app, count(*) AS jobs, 0 AS revision FROM jobs WHERE state <> 2 GROUP BY app
        UNION ALL SELECT app, 0, max(revision) FROM policies GROUP BY app)
      GROUP BY app ORDER BY app
      """
    ).all { row throws(SQLiteFailure) in
      AppSummary(name: row.text(), jobs: row.uint64(), policyRevision: row.uint64())
    }
  }
}
