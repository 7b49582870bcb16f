import SwitchyardModel

/// The writer's statements on tokens and the audit.
struct AccessStatements {
  let findName: Statement
  let findHash: Statement
  let find: Statement
  let put: Statement
  let rotate: Statement
  let revoke: Statement
  let use: Statement
  let forget: Statement
  let remember: Statement
  let firstKept: Statement
  let surplus: Statement
  let trim: Statement

  init(_ connection: Connection) throws(SQLiteFailure) {
    findName = try connection.prepare("SELECT id FROM tokens WHERE name = ? AND revoked_at IS NULL")
    findHash = try connection.prepare("SELECT id FROM tokens WHERE hash = ?1 OR previous_hash = ?1")
    find = try connection.prepare("SELECT revoked_at FROM tokens WHERE id = ?")
    put = try connection.prepare(
      """
      INSERT INTO tokens (id, name, role, apps, bounds, hash, created_at, expires_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
      """)
    rotate = try connection.prepare(
      """
      UPDATE tokens SET previous_hash = hash, previous_until = ?, hash = ?
      WHERE id = ? AND hash = ? AND revoked_at IS NULL
      """)
    revoke = try connection.prepare("UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL")
    use = try connection.prepare("UPDATE tokens SET used_at = ?1 WHERE id = ?2 AND (used_at IS NULL OR used_at < ?1)")
    forget = try connection.prepare("DELETE FROM tokens WHERE revoked_at < ?")
    remember = try connection.prepare(
      """
      INSERT INTO audit (at, token, actor, address, method, path, app, before, after)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
    firstKept = try connection.prepare("SELECT number FROM audit WHERE at >= ? ORDER BY number LIMIT 1")
    surplus = try connection.prepare("SELECT number FROM audit ORDER BY number DESC LIMIT 1 OFFSET ?")
    trim = try connection.prepare("DELETE FROM audit WHERE number < ?")
  }
}

extension Applier {
  func access(_ op: AccessOp) throws(SQLiteFailure) -> OpResult {
    switch op {
    case .putToken(let token): return try putToken(token)
    case .rotateToken(let id, let from, let to, let until):
      if try isTaken(to) { return .conflict }
      accesses.rotate.add(until)
      accesses.rotate.add(to)
      accesses.rotate.add(id)
      accesses.rotate.add(from)
      return try accesses.rotate.run() == 1 ? .applied : .conflict
    case .revokeToken(let id, let at):
      accesses.revoke.add(at)
      accesses.revoke.add(id)
      if try accesses.revoke.run() == 1 { return .applied }
      accesses.find.add(id)
      return try accesses.find.first { _ in true } == nil ? .conflict : .duplicate(nil)
    case .usedTokens(let uses):
      for use in uses {
        accesses.use.add(use.at)
        accesses.use.add(use.token)
        try accesses.use.run()
      }
      return .applied
    case .trim(let before, let keep):
      try trim(before: before, keep: keep)
      return .applied
    case .note: return .applied
    }
  }

  private func putToken(_ token: TokenRecord) throws(SQLiteFailure) -> OpResult {
    guard token.id.rawValue <= Int64.max, token.revokedAt == nil, token.usedAt == nil, token.previous == nil
    else { return .conflict }
    accesses.find.add(token.id)
    if try accesses.find.first({ _ in true }) != nil { return .conflict }
    if try isTaken(token.hash) { return .conflict }
    accesses.findName.add(token.name)
    if let namesake = try accesses.findName.first(UInt64.init(row:)) { return .duplicate(namesake) }
    let put = accesses.put
    put.add(token.id)
    put.add(token.name)
    put.add(token.role.rawValue)
    put.add(token.apps.stored)
    put.add(token.bounds?.stored)
    put.add(token.hash)
    put.add(token.createdAt)
    put.add(token.expiresAt)
    return try put.run() == 1 ? .applied : .conflict
  }

  private func isTaken(_ hash: String) throws(SQLiteFailure) -> Bool {
    accesses.findHash.add(hash)
    return try accesses.findHash.first { _ in true } != nil
  }

  // MARK: Audit

  func remember(_ entry: AuditEntry) throws(SQLiteFailure) {
    let remember = accesses.remember
    remember.add(entry.at)
    remember.add(entry.token)
    remember.add(entry.actor)
    remember.add(entry.address)
    remember.add(entry.method)
    remember.add(entry.path)
    remember.add(entry.app)
    remember.add(entry.before)
    remember.add(entry.after)
    try remember.run()
  }

  private func trim(before: Timestamp, keep: UInt64) throws(SQLiteFailure) {
    accesses.firstKept.add(before)
    // No number reaches this: all that is there is older.
    let young = try accesses.firstKept.first(UInt64.init(row:)) ?? UInt64(Int64.max)
    accesses.surplus.add(Int64(clamping: keep))
    // The newest that is too many.
    let newest = try accesses.surplus.first(UInt64.init(row:)) ?? 0
    accesses.trim.add(max(young, newest + 1))
    try accesses.trim.run()
    accesses.forget.add(before)
    try accesses.forget.run()
  }
}
