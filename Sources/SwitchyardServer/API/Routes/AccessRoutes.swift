import HTTPTypes
import SwitchyardModel
import SwitchyardStorage

/// Who changed what, and which apps there are.
struct AccessRoutes {
  let api: APIContext

  private static let cursor = Query.cursor(number: 0...UInt64(Int64.max))
  private static let token = Parameter<TokenID>.identity("token", "Only what was done by this token.").optional
  private static let since = Parameter.time("since", "Only from then on.").optional

  var routes: [Route] {
    Route.group(
      "access",
      [
        Route(
          .get, "/api/v1/audit", .admin, "listAudit", "Changes, newest first",
          about: "Of 90 days, and of the last 1,000,000. Instances that were asked for are not among them: each is its "
            + "own record.",
          takes: [Query.app, Self.token, Self.since, Self.cursor, Query.limit],
          answers: .ok(AuditRecord.resource.page("audit")), handle: audit),
        Route(
          .get, "/api/v1/apps", .read, "listApps", "Apps with jobs, a policy or tokens, by name",
          answers: .ok(.object([.required("apps", .list(of: AppView.resource.schema))])), handle: apps),
        Route(
          .get, "/api/v1/apps/{app}", .read, "getApp", "An app", answers: .ok(AppView.resource.schema), handle: app),
      ])
  }

  @Sendable private func audit(_ request: APIRequest) async throws -> APIResponse {
    let limit = try request[Query.limit]
    let filter = AuditFilter(
      token: try request[Self.token], app: try request[Query.app], since: try request[Self.since])
    let records = try await api.store.audit(filter, before: try request[Self.cursor], limit: limit)
    let last = records.count == limit ? records.last : nil
    return .json(AuditRecord.resource.page("audit", records, next: last.map { String($0.number) }))
  }

  @Sendable private func apps(_ request: APIRequest) async throws -> APIResponse {
    let views = try await views().filter { request.caller.apps.contains($0.summary.name) }
    return .json(["apps": .array(views.map(AppView.resource.json))])
  }

  @Sendable private func app(_ request: APIRequest) async throws -> APIResponse {
    let name = try request[Path.app]
    guard let view = try await views().first(where: { $0.summary.name == name }) else {
      throw APIError.notFound("nothing is known of an app \(quoted(name)): it has no jobs, no policy and no tokens")
    }
    return .json(AppView.resource.json(view))
  }

  private func views() async throws -> [AppView] {
    var tokens: [String: Int] = [:]
    for record in api.tokens.records where record.revokedAt == nil {
      if case .some(let apps) = record.apps { for app in apps { tokens[app, default: 0] += 1 } }
    }
    var views: [String: AppView] = [:]
    for summary in try await api.store.apps() {
      views[summary.name] = AppView(summary: summary, tokens: tokens.removeValue(forKey: summary.name) ?? 0)
    }
    for (app, count) in tokens {
      views[app] = AppView(summary: AppSummary(name: app, jobs: 0, policyRevision: 0), tokens: count)
    }
    return views.values.sorted { $0.summary.name < $1.summary.name }
  }
}
