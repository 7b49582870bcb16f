import SwitchyardModel

extension TokenRecord {
  static let columns =
    "id, name, role, apps, bounds, hash, previous_hash, previous_until, created_at, expires_at, revoked_at, used_at"

  init(row: inout Row) throws(SQLiteFailure) {
    let id = row.id(TokenID.self)
    let name = row.text()
    let role = try row.choice(TokenRole.self)
    let apps = row.text()
    let bounds = row.optionalText()
    let hash = row.text()
    let previousHash = row.optionalText()
    let previousUntil = row.optionalTimestamp()
    guard let apps = (try? JSONValue(parsing: apps)).flatMap(AppScope.init(stored:)) else {
      throw .damaged("the apps of token \(id) cannot be read")
    }
    var read: JoinBounds?
    if let bounds {
      guard let json = try? JSONValue(parsing: bounds) else { throw .damaged("the bounds of token \(id) are no JSON") }
      read = JoinBounds(stored: json)
    }
    var previous: Previous?
    if let previousHash, let previousUntil { previous = Previous(hash: previousHash, until: previousUntil) }
    self.init(
      id: id, name: name, role: role, apps: apps, bounds: read, hash: hash, previous: previous,
      createdAt: row.timestamp(), expiresAt: row.optionalTimestamp(), revokedAt: row.optionalTimestamp(),
      usedAt: row.optionalTimestamp())
  }
}

extension AppScope {
  /// The form in which the store keeps it: `true` for all, else a list.
  var stored: String {
    switch self {
    case .all: "true"
    case .some(let apps): JSONValue.array(apps.map(JSONValue.string)).text
    }
  }

  fileprivate init?(stored json: JSONValue) {
    switch json {
    case .bool(true): self = .all
    case .array(let apps): self = .some(apps.compactMap(\.stringValue))
    default: return nil
    }
  }
}

extension JoinBounds {
  /// The form in which the store keeps it; what is absent is not bounded.
  var stored: String {
    var fields = JSONObject()
    fields["tags"] = tags.map { .array($0.map(JSONValue.string)) }
    fields["sites"] = sites.map { .array($0.map(JSONValue.string)) }
    fields["slots"] = slots.map { .integer(Int64($0)) }
    return JSONValue.object(fields).text
  }

  fileprivate init(stored json: JSONValue) {
    self.init(
      tags: json["tags"]?.arrayValue?.compactMap(\.stringValue),
      sites: json["sites"]?.arrayValue?.compactMap(\.stringValue),
      slots: json["slots"]?.integerValue.flatMap { UInt32(exactly: $0) })
  }
}

extension AuditRecord {
  static let columns = "number, at, token, actor, address, method, path, app, before, after"

  init(row: inout Row) {
    self.init(
      number: row.uint64(),
      entry: AuditEntry(
        at: row.timestamp(), token: row.optionalID(), actor: row.text(), address: row.text(), method: row.text(),
        path: row.text(), app: row.optionalText(), before: row.optionalText(), after: row.optionalText()))
  }
}
