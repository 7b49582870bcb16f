import SwitchyardModel

/// A token as the API shows it: never its secret.
struct TokenView: Sendable {
  var record: TokenRecord
  var now: Timestamp

  enum State: String, CaseIterable {
    case active, expired, revoked
  }

  var state: State {
    if record.revokedAt != nil { return .revoked }
    return record.expiresAt.map { $0 <= now } == true ? .expired : .active
  }

  private static let fields: [Resource<TokenView>.Field] = [
    .init("id", .identity, "Its identity.") { .string($0.record.id.description) },
    .init("name", .output, "Its name.") { .string($0.record.name) },
    .init("role", .choice(TokenRole.allCases.map(\.name)), "What it may do in its apps.") {
      .string($0.record.role.name)
    },
    .init("apps", .list(of: .output), "The apps that it is for; `*` for all.") {
      .array($0.record.apps.names.map(JSONValue.string))
    },
    .maybe("tags", .list(of: .output), "Of a worker that joins by it: the tags that it may claim.") {
      $0.record.bounds?.tags.map { .array($0.map(JSONValue.string)) }
    },
    .maybe("sites", .list(of: .output), "Of a worker that joins by it: where it may stand.") {
      $0.record.bounds?.sites.map { .array($0.map(JSONValue.string)) }
    },
    .maybe("slots", .count, "Of a worker that joins by it: the slots that it may have.") {
      $0.record.bounds?.slots.map { .count($0) }
    },
    .init("state", .choice(State.allCases.map(\.rawValue)), "Whether it is good.") { .string($0.state.rawValue) },
    .init("createdAt", .time, "When it was made.") { .time($0.record.createdAt) },
    .init("usedAt", Schema.time.orNull, "About when it was used last.") { .time($0.record.usedAt) },
    .init("expiresAt", Schema.time.orNull, "When it ends by itself.") { .time($0.record.expiresAt) },
    .init("revokedAt", Schema.time.orNull, "When it was revoked.") { .time($0.record.revokedAt) },
    .init("previousUntil", Schema.time.orNull, "Until when the secret before the last rotation is good.") {
      .time($0.record.previous?.until)
    },
  ]

  static let resource = Resource<TokenView>("Token", "What lets somebody do something.", fields)

  /// With the secret, which is told this once.
  static func withSecret(_ secret: String) -> Resource<TokenView> {
    Resource(
      "NewToken", "A token with its secret, which is told this once and kept by nobody.",
      fields + [.init("secret", .output, "What `Authorization: Bearer` takes.") { _ in .string(secret) }])
  }
}

extension AuditRecord {
  static let resource = Resource<AuditRecord>(
    "AuditRecord", "A change: who made it, when, from where, by which request.",
    [
      .init("number", .count, "Grows by one with each change.") { .count($0.number) },
      .init("at", .time, "When.") { .time($0.entry.at) },
      .init("token", Schema.identity.orNull, "Whose; null for the token of the data directory.") {
        .text($0.entry.token?.description)
      },
      .init("actor", .output, "The token's name.") { .string($0.entry.actor) },
      .init("address", .output, "From where.") { .string($0.entry.address) },
      .init("method", .output, "Of the request.") { .string($0.entry.method) },
      .init("path", .output, "Of the request: it names what was changed.") { .string($0.entry.path) },
      .init("app", Schema.output.orNull, "The app that was changed.") { .text($0.entry.app) },
      .init("before", Schema.output.orNull, "What there was: `version 1`, `enabled`.") { .text($0.entry.before) },
      .init("after", Schema.output.orNull, "What there is since.") { .text($0.entry.after) },
    ])
}

/// An app and what there is of it.
struct AppView: Sendable {
  var summary: AppSummary
  /// That name it.
  var tokens: Int

  static let resource = Resource<AppView>(
    "App", "A namespace of jobs, with its policy and its tokens.",
    [
      .init("name", .output, "Its name.") { .string($0.summary.name) },
      .init("jobs", .count, "How many there are.") { .count($0.summary.jobs) },
      .init("policyRevision", .count, "Of its policy; 0 while it has none of its own.") {
        .count($0.summary.policyRevision)
      },
      .init("tokens", .count, "How many are for it by name.") { .count($0.tokens) },
    ])
}
