package import SwitchyardModel

/// Tokens and the audit.
extension ModelState {
  mutating func access(_ op: AccessOp) -> OpResult {
    switch op {
    case .putToken(let token): return putToken(token)
    case .rotateToken(let id, let from, let to, let until): return rotateToken(id, from: from, to: to, until: until)
    case .revokeToken(let id, let at): return revokeToken(id, at: at)
    case .usedTokens(let uses):
      for use in uses {
        guard let stored = tokenRecords[use.token], stored.usedAt.map({ $0 < use.at }) ?? true else { continue }
        tokenRecords[use.token]?.usedAt = use.at
      }
      return .applied
    case .trim(let before, let keep):
      trim(before: before, keep: keep)
      return .applied
    case .note: return .applied
    }
  }

  private mutating func putToken(_ token: TokenRecord) -> OpResult {
    guard token.id.rawValue <= Int64.max, token.revokedAt == nil, token.usedAt == nil, token.previous == nil,
      tokenRecords[token.id] == nil, !isTaken(token.hash)
    else { return .conflict }
    let namesake = tokenIDs.keys.first { id in
      tokenRecords[id].map { $0.revokedAt == nil && TextKey($0.name) == TextKey(token.name) } ?? false
    }
    if let namesake { return .duplicate(namesake.rawValue) }
    tokenRecords[token.id] = token
    tokenIDs.insert(token.id)
    return .applied
  }

  private mutating func rotateToken(_ id: TokenID, from: String, to: String, until: Timestamp) -> OpResult {
    guard let stored = tokenRecords[id], stored.revokedAt == nil, stored.hash == from, !isTaken(to)
    else { return .conflict }
    tokenRecords[id]?.previous = TokenRecord.Previous(hash: from, until: until)
    tokenRecords[id]?.hash = to
    return .applied
  }

  private mutating func revokeToken(_ id: TokenID, at: Timestamp) -> OpResult {
    guard let stored = tokenRecords[id] else { return .conflict }
    guard stored.revokedAt == nil else { return .duplicate(nil) }
    tokenRecords[id]?.revokedAt = at
    return .applied
  }

  private func isTaken(_ hash: String) -> Bool {
    tokenIDs.keys.contains { tokenRecords[$0]?.hash == hash || tokenRecords[$0]?.previous?.hash == hash }
  }

  // MARK: Audit

  mutating func remember(_ entry: AuditEntry) {
    lastAuditNumber += 1
    auditRecords.append(AuditRecord(number: lastAuditNumber, entry: entry))
  }

  private mutating func trim(before: Timestamp, keep: UInt64) {
    let old = auditRecords.firstIndex { $0.entry.at >= before } ?? auditRecords.count
    let surplus = max(0, auditRecords.count - Int(clamping: keep))
    auditRecords.removeFirst(max(old, surplus))
    for id in tokenIDs.keys where tokenRecords[id]?.revokedAt.map({ $0 < before }) ?? false {
      tokenRecords[id] = nil
      tokenIDs.remove(id)
    }
  }

  // MARK: Reads

  package func tokens() -> [TokenRecord] { tokenIDs.keys.compactMap { tokenRecords[$0] } }

  package func audit(_ filter: AuditFilter, before: UInt64?, limit: Int) -> [AuditRecord] {
    let found = auditRecords.reversed().lazy.filter { record in
      (before.map { record.number < $0 } ?? true) && filter.admits(record.entry)
    }
    return Array(found.prefix(max(0, limit)))
  }

  package func apps() -> [AppSummary] {
    var summaries: [TextKey: AppSummary] = [:]
    for key in sortedNames.keys { summaries[key.app, default: AppSummary(key.app)].jobs += 1 }
    for app in policyApps.keys {
      summaries[app, default: AppSummary(app)].policyRevision = policyRevisions[app]?.last?.revision ?? 0
    }
    return summaries.keys.sorted().compactMap { summaries[$0] }
  }
}

extension AppSummary {
  fileprivate init(_ app: TextKey) { self.init(name: app.text, jobs: 0, policyRevision: 0) }
}

extension AuditFilter {
  /// Whether all conditions hold of the entry.
  package func admits(_ entry: AuditEntry) -> Bool {
    (token.map { $0 == entry.token } ?? true)
      && (app.map { app in entry.app.map { TextKey($0) == TextKey(app) } ?? false } ?? true)
      && (since.map { entry.at >= $0 } ?? true)
  }
}
