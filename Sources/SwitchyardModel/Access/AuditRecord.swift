/// One change: who made it, when, from where, by which request, and what it changed. It is stored in the commit of
/// the change itself, so that neither is there without the other.
package struct AuditEntry: Hashable, Sendable {
  package var at: Timestamp
  /// Nil for the token of the data directory.
  package var token: TokenID?
  /// The token's name, or what stands for it.
  package var actor: String
  /// Of the peer, without its port.
  package var address: String
  package var method: String
  /// As it was asked for, without its query; it names app and object.
  package var path: String
  package var app: String?
  /// `version 3`, `enabled`, `revision 1`; nil where there was nothing, or nothing to tell.
  package var before: String?
  package var after: String?

  package init(
    at: Timestamp, token: TokenID?, actor: String, address: String, method: String, path: String, app: String?,
    before: String? = nil, after: String? = nil
  ) {
    self.at = at
    self.token = token
    self.actor = actor
    self.address = address
    self.method = method
    self.path = path
    self.app = app
    self.before = before
    self.after = after
  }
}

package struct AuditRecord: Hashable, Sendable {
  /// Given by the store: grows by one with each record, and is never used twice.
  package var number: UInt64
  package var entry: AuditEntry
  package init(number: UInt64, entry: AuditEntry) {
    self.number = number
    self.entry = entry
  }
}

/// All set conditions must hold.
package struct AuditFilter: Hashable, Sendable {
  package var token: TokenID?
  package var app: String?
  package var since: Timestamp?
  package init(token: TokenID? = nil, app: String? = nil, since: Timestamp? = nil) {
    self.token = token
    self.app = app
    self.since = since
  }
}

/// How long changes are remembered.
package enum AuditRetention {
  package static let span = Span.seconds(90 * 86_400)
  package static let records: UInt64 = 1_000_000
}

/// An app, and what there is of it.
package struct AppSummary: Hashable, Sendable {
  package var name: String
  /// That are not deleted.
  package var jobs: UInt64
  /// Of its policy; 0 for none of its own.
  package var policyRevision: UInt64
  package init(name: String, jobs: UInt64, policyRevision: UInt64) {
    self.name = name
    self.jobs = jobs
    self.policyRevision = policyRevision
  }
}
