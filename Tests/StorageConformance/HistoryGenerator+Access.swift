import SwitchyardModel
import SwitchyardStorage

/// Tokens and the audit.
extension HistoryGenerator {
  private static let tokenIDs = (200..<206).map { TokenID(rawValue: $0) }

  private mutating func hash() -> String { pick(["h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8"]) }

  mutating func access(on model: ModelState) -> AccessOp {
    let id = pick(Self.tokenIDs)
    let stored = model.tokens().first { $0.id == id }
    switch number(0...9) {
    case 0...3:
      let role = pick(TokenRole.allCases)
      return .putToken(
        TokenRecord(
          id: id, name: pick(["n", "o", "p"]), role: role, apps: chance(50) ? .all : AppScope([pick(Self.apps)]),
          bounds: role == .join ? JoinBounds(tags: ["t"], sites: chance(50) ? [] : nil, slots: 3) : nil, hash: hash(),
          createdAt: time(), expiresAt: maybeTime(), revokedAt: chance(5) ? time() : nil))
    case 4...5: return .rotateToken(id, from: chance(85) ? stored?.hash ?? hash() : hash(), to: hash(), until: time())
    case 6: return .revokeToken(id, at: time())
    case 7: return .usedTokens((0..<number(0...2)).map { _ in TokenUse(token: pick(Self.tokenIDs), at: time()) })
    case 8: return .trim(before: chance(70) ? .distantPast : time(), keep: UInt64(number(0...6)))
    default: return .note
    }
  }

  mutating func auditEntry() -> AuditEntry {
    AuditEntry(
      at: time(), token: chance(80) ? pick(Self.tokenIDs) : nil, actor: "someone", address: "::1", method: "PUT",
      path: "/é\0", app: chance(70) ? pick(Self.apps) : nil, before: text(), after: text())
  }

  mutating func auditLists() -> [(AuditFilter, UInt64?, Int)] {
    var lists: [(AuditFilter, UInt64?, Int)] = [(AuditFilter(), nil, 999)]
    for _ in 0..<6 {
      let filter = AuditFilter(
        token: chance(40) ? pick(Self.tokenIDs) : nil, app: chance(40) ? pick(Self.apps) : nil,
        since: chance(40) ? time() : nil)
      lists.append((filter, chance(50) ? UInt64(number(0...40)) : nil, pick([0, 1, 3, 99])))
    }
    return lists
  }
}
