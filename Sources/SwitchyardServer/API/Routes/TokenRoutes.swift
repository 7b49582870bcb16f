import HTTPTypes
import SwitchyardCore
import SwitchyardModel
import SwitchyardSystem

/// Tokens: made, listed, rotated, revoked.
struct TokenRoutes {
  let api: APIContext

  private static let definition = Schema.object([
    .required("name", .jobName, "Unique among tokens that are not revoked."),
    .required(
      "role", .choice(TokenRole.allCases.map(\.name)),
      "`read`, `operate` and `write` each include those before; `admin` may everything in all apps; `join` lets "
        + "workers in and does nothing else."),
    .optional("apps", .list(of: .appOrAll, 1...64), "`*`, or names of apps; `admin` is for all."),
    .optional("tags", .list(of: .tag, 0...256), "For `join`: the tags that a worker may claim; any when left out."),
    .optional("sites", .list(of: .tag, 0...256), "For `join`: where a worker may stand; anywhere when left out."),
    .optional("slots", .integer(WorkerProfile.slotRange), "For `join`: the slots that a worker may have."),
    .optional("expiresIn", .span(TokenRecord.spans), "It ends by itself then; never when left out."),
  ])
  .named("TokenDefinition")

  private static let rotation = Schema.object([
    .optional("overlap", .span(TokenRecord.spans), "For how long the old secret stays good; not at all when left out.")
  ])

  var routes: [Route] {
    let token = "/api/v1/tokens/{token}"
    return Route.group(
      "access",
      [
        Route(
          .get, "/api/v1/tokens", .admin, "listTokens", "Tokens, oldest first, revoked ones included",
          answers: .ok(.object([.required("tokens", .list(of: TokenView.resource.schema))])), handle: list),
        Route(
          .post, "/api/v1/tokens", .admin, "createToken", "Make a token", body: .json(Self.definition),
          answers: .created(TokenView.withSecret("").schema, "The new token. Its secret is told this once.")
            .withLocation,
          problems: [.conflict], handle: create),
        Route(.get, token, .admin, "getToken", "A token", answers: .ok(TokenView.resource.schema)) { request in
          .json(TokenView.resource.json(TokenView(record: try self.token(request), now: SystemClock.wall())))
        },
        Route(
          .post, token + "/rotate", .admin, "rotateToken", "Give a token a new secret",
          body: .optionalJSON(Self.rotation),
          answers: .ok(TokenView.withSecret("").schema, "The token. Its secret is told this once."),
          problems: [.conflict], handle: rotate),
        Route(
          .delete, token, .admin, "revokeToken", "Revoke a token",
          about: "It is good for nothing from then on, and streams that were opened by it end.",
          answers: .ok(TokenView.resource.schema, "The token as it is now."), problems: [.conflict], handle: revoke),
      ])
  }

  @Sendable private func list(_ request: APIRequest) async throws -> APIResponse {
    let now = SystemClock.wall()
    return .json([
      "tokens": .array(api.tokens.records.map { TokenView.resource.json(TokenView(record: $0, now: now)) })
    ])
  }

  @Sendable private func create(_ request: APIRequest) async throws -> APIResponse {
    let secret = TokenText.make()
    let now = SystemClock.wall()
    let record = try request.json().read { fields in
      TokenRecord(definition: fields, hash: TokenText.hash(of: secret), now: now)
    }
    try record.check()
    guard api.tokens.records.count(where: { $0.revokedAt == nil }) < TokenRecord.limit else {
      throw APIError.conflict("there are \(TokenRecord.limit) tokens; revoke some that nobody uses")
    }
    switch await api.change(request, .access(.putToken(record)), after: "token \(record.name), \(record.role.name)") {
    case .access(.applied):
      return .json(
        TokenView.withSecret(secret).json(TokenView(record: record, now: now)), .created,
        headers: [.location: "/api/v1/tokens/\(record.id)"])
    case .access(.duplicate):
      throw APIError.conflict("there is a token \(quoted(record.name)) already; revoke or rotate it, or choose a name")
    case .access: throw APIError.conflict("the token could not be made; try again")
    case let reply: throw APIError(unexpected: reply)
    }
  }

  @Sendable private func rotate(_ request: APIRequest) async throws -> APIResponse {
    let record = try token(request)
    let overlap: Span = try request.json().read { fields in
      fields.optional("overlap")?.span(in: TokenRecord.spans) ?? .zero
    }
    let secret = TokenText.make()
    let now = SystemClock.wall()
    let hash = TokenText.hash(of: secret)
    switch await api.change(
      request, .access(.rotateToken(record.id, from: record.hash, to: hash, until: now + overlap)),
      after: "token \(record.name), a new secret")
    {
    case .access(.applied):
      return .json(TokenView.withSecret(secret).json(TokenView(record: try token(request), now: now)))
    case .access: throw APIError.conflict("the token is revoked, or has been rotated just now; look at it again")
    case let reply: throw APIError(unexpected: reply)
    }
  }

  @Sendable private func revoke(_ request: APIRequest) async throws -> APIResponse {
    let record = try token(request)
    let now = SystemClock.wall()
    switch await api.change(request, .access(.revokeToken(record.id, at: now)), after: "token \(record.name), revoked")
    {
    case .access(.applied), .access(.duplicate):
      return .json(TokenView.resource.json(TokenView(record: try token(request), now: now)))
    case .access: throw APIError.conflict("the token is gone")
    case let reply: throw APIError(unexpected: reply)
    }
  }

  private func token(_ request: APIRequest) throws -> TokenRecord {
    let id = try request[Path.token]
    guard let record = api.tokens.record(id) else {
      throw APIError.notFound("there is no token \(id); `switchyard token list` shows those there are")
    }
    return record
  }
}
