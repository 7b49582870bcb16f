/// Chosen at random, so that it needs nobody who counts.
package struct TokenID: Identifier {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// A token as the store knows it. The secret itself is told once, to who asked for it, and kept by nobody.
package struct TokenRecord: Hashable, Sendable {
  /// Tokens that are not revoked; the server holds all of them in memory.
  package static let limit = 10_000

  package var id: TokenID
  /// Unique among tokens that are not revoked.
  package var name: String
  package var role: TokenRole
  /// Of `admin`: all.
  package var apps: AppScope
  /// For `join`: what a worker may claim.
  package var bounds: JoinBounds?
  /// SHA-256 of the secret's text, 64 hexadecimal digits. A slow hash protects what people choose; of 160 random
  /// bits nobody tries all, and each request is checked.
  package var hash: String
  /// The secret before the last rotation, good until then.
  package var previous: Previous?
  package var createdAt: Timestamp
  package var expiresAt: Timestamp?
  package var revokedAt: Timestamp?
  /// Some minutes coarse.
  package var usedAt: Timestamp?

  package struct Previous: Hashable, Sendable {
    package var hash: String
    package var until: Timestamp
    package init(hash: String, until: Timestamp) {
      self.hash = hash
      self.until = until
    }
  }

  package init(
    id: TokenID, name: String, role: TokenRole, apps: AppScope, bounds: JoinBounds? = nil, hash: String,
    previous: Previous? = nil, createdAt: Timestamp, expiresAt: Timestamp? = nil, revokedAt: Timestamp? = nil,
    usedAt: Timestamp? = nil
  ) {
    self.id = id
    self.name = name
    self.role = role
    self.apps = apps
    self.bounds = bounds
    self.hash = hash
    self.previous = previous
    self.createdAt = createdAt
    self.expiresAt = expiresAt
    self.revokedAt = revokedAt
    self.usedAt = usedAt
  }
}

/// What changes who may do what; see ``StoreOp/Verb/access(_:)``.
package enum AccessOp: Hashable, Sendable {
  /// A new token, neither revoked nor used. `duplicate` when one that is not revoked has the name; `conflict` when
  /// its identity or hash is taken (by a previous hash, too).
  indirect case putToken(TokenRecord)
  /// A new secret; the old one stays good until `until`. `conflict` unless the token has the hash `from` and is not
  /// revoked, or when the new hash is taken.
  case rotateToken(TokenID, from: String, to: String, until: Timestamp)
  /// It is good for nothing from now on, and its name is free. `duplicate` when it was already, `conflict` when
  /// there is none.
  case revokeToken(TokenID, at: Timestamp)
  /// Tokens were used at these times; unknown ones are passed over, earlier times change nothing.
  case usedTokens([TokenUse])
  /// Forgets the oldest audit records: all but the newest `keep`, and those before the first that is not older than
  /// `before`; and tokens that were revoked before then.
  case trim(before: Timestamp, keep: UInt64)
  /// Changes nothing but the audit, if it has a note for that.
  case note
}

package struct TokenUse: Hashable, Sendable {
  package var token: TokenID
  package var at: Timestamp
  package init(token: TokenID, at: Timestamp) {
    self.token = token
    self.at = at
  }
}
