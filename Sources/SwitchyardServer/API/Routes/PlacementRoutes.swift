import HTTPTypes
import SwitchyardCore
import SwitchyardModel
import SwitchyardPlacement
import SwitchyardPlugins
import SwitchyardStorage

/// Strategies and the policies made of them.
struct PlacementRoutes {
  let api: APIContext

  private static let cursor = Query.cursor(number: 1...UInt64(Int64.max))

  var routes: [Route] {
    Route.group(
      "placement",
      [
        Route(
          .get, "/api/v1/policies", .read, "listPolicies", "The policies that were set, by app",
          answers: .ok(.object([.required("policies", .list(of: PolicyView.resource.schema))]))
        ) { request in
          let live = Dictionary(
            api.placement.engine.policyStatus().map { ($0.app, $0) }, uniquingKeysWith: { first, _ in first })
          let views = try await api.store.policies().filter { request.caller.apps.contains($0.app) }.map {
            PolicyView(app: $0.app, stored: $0, live: live[$0.app])
          }
          return .json(["policies": .array(views.map(PolicyView.resource.json))])
        },
        Route(
          .get, "/api/v1/apps/{app}/policy/revisions", .read, "listPolicyRevisions",
          "Revisions of an app's policy, newest first", takes: [Self.cursor, Query.limit],
          answers: .ok(PolicyView.resource.page("revisions")), handle: revisions),
        Route(
          .get, "/api/v1/apps/{app}/policy/revisions/{revision}", .read, "getPolicyRevision",
          "A revision of an app's policy", answers: .ok(PolicyView.resource.schema)
        ) { request in
          let (app, revision) = (try request[Path.app], try request[Path.revision])
          guard let stored = try await api.store.policy(app: app, revision: revision) else {
            throw APIError.notFound(
              "the app \(quoted(app)) has no revision \(revision) of its policy; `policy history` shows those there are"
            )
          }
          return .json(PolicyView.resource.json(view(of: app, stored)))
        },
        Route(
          .get, "/api/v1/plugins", .read, "listPlugins", "Plugins, and files that were refused",
          about: "When an administrator asks, the server looks at its plugin directories again first.",
          answers: .ok(
            .object([
              .required("plugins", .list(of: PluginView.resource.schema)),
              .required("refused", .list(of: .object([.required("file", .output), .required("error", .output)]))),
            ])), handle: plugins),
        Route(
          .post, "/api/v1/plugins", .admin, "loadPlugin", "Load a strategy from a shared library",
          about: """
            The body is the file. It is opened in a process of its own first; then it is kept in the server's data \
            directory, and loaded. If it is refused, all is as before. Loaded under a name that is there, it is a new \
            generation: policies that are set from then on are made of it, those that live go on with the old one. \
            Whoever may do this runs code as the server.
            """,
          takes: [Self.file],
          body: RequestBody(
            schema: .output, types: ["application/octet-stream"], limit: PluginRegistry.installLimit),
          answers: .ok(
            .object([.required("plugins", .list(of: PluginView.resource.schema))]), "The plugins in it."),
          problems: [.conflict], handle: load),
        Route(
          .get, "/api/v1/plugins/{plugin}", .read, "getPlugin", "A plugin, with what it costs",
          answers: .ok(PluginView.resource.schema), handle: plugin),
        Route(
          .get, "/api/v1/apps/{app}/policy", .read, "getPolicy", "How an app chooses workers",
          answers: .ok(PolicyView.resource.schema), handle: policy),
        Route(
          .put, "/api/v1/apps/{app}/policy", .admin, "putPolicy", "Change the policy of an app while it runs",
          about: "The new strategies are made and tried first; when one is refused the old policy goes on.",
          body: .json(Policy.schema), answers: .ok(PolicyView.resource.schema),
          problems: [.conflict], handle: setPolicy),
      ])
  }

  @Sendable private func plugins(_ request: APIRequest) async throws -> APIResponse {
    if request.caller.role.allows(.admin) { await api.plugins.scan() }
    let list = api.plugins.registry.list()
    return .json([
      "plugins": .array(
        list.filter { $0.state == .loaded }.map { PluginView.resource.json(PluginView(info: $0)) }),
      "refused": .array(
        list.compactMap { info in
          guard case .failed(let reason) = info.state else { return nil }
          return ["file": .string(info.file), "error": .string(reason)]
        }),
    ])
  }

  private static let file = Parameter.text(
    "file", .text(4...100, pattern: #"^[A-Za-z0-9][A-Za-z0-9._-]*\.so$"#), "What it is to be called, as `acme.so`.",
    check: PluginRegistry.accepted(fileName:))

  @Sendable private func load(_ request: APIRequest) async throws -> APIResponse {
    let name = try request[Self.file]
    // Remembered before: what it does when it is loaded, it does as the server.
    let file = "\(name) sha256:\(sha256(request.body))"
    if case .refused(let refusal, let detail) = await api.change(request, .access(.note), after: file) {
      throw APIError(refusal, detail)
    }
    do throws(PluginError) {
      let infos = try await api.plugins.install(request.body, as: name)
      return .json(["plugins": .array(infos.map { PluginView.resource.json(PluginView(info: $0)) })])
    } catch {
      throw APIError(status: error.code == .duplicate ? .conflict : .unprocessableContent, detail: error.message)
    }
  }

  @Sendable private func plugin(_ request: APIRequest) async throws -> APIResponse {
    let id = try request[Path.plugin]
    guard let info = api.plugins.registry.info(id) else {
      throw APIError.notFound(
        "no plugin \(quoted(id)) is loaded; `switchyard plugin list` shows those that are, and why others are not")
    }
    let statistics = api.plugins.registry.statistics().first { $0.plugin == id }
    return .json(PluginView.resource.json(PluginView(info: info, statistics: statistics)))
  }

  @Sendable private func policy(_ request: APIRequest) async throws -> APIResponse {
    let app = try request[Path.app]
    return .json(PolicyView.resource.json(view(of: app, try await api.store.policy(app: app, revision: nil))))
  }

  @Sendable private func revisions(_ request: APIRequest) async throws -> APIResponse {
    let app = try request[Path.app]
    let limit = try request[Query.limit]
    let newest = try await api.store.policy(app: app, revision: nil)?.revision ?? 0
    var number = min(newest, try request[Self.cursor].map { $0 - 1 } ?? newest)
    var views: [PolicyView] = []
    while number > 0, views.count < limit {
      if let stored = try await api.store.policy(app: app, revision: number) { views.append(view(of: app, stored)) }
      number -= 1
    }
    return .json(PolicyView.resource.page("revisions", views, next: number > 0 ? String(number + 1) : nil))
  }

  private func view(of app: String, _ stored: PolicyRevision?) -> PolicyView {
    PolicyView(app: app, stored: stored, live: api.placement.engine.policyStatus().first { $0.app == app })
  }

  /// The policy is tried with instances of its own before it is stored, and live when this answers.
  @Sendable private func setPolicy(_ request: APIRequest) async throws -> APIResponse {
    let app = try request[Path.app]
    let policy = try Policy(json: try request.json())
    await api.plugins.scan()
    do throws(PlacementError) {
      try await api.placement.engine.check(policy)
    } catch {
      throw APIError(unprocessable: FieldError(path: error.path, problem: error.message))
    }
    let revision = (try await api.store.policy(app: app, revision: nil)?.revision ?? 0) + 1
    switch await api.change(request, .putPolicy(app: app, policy, revision: revision)) {
    case .policy(let stored):
      do throws(PlacementError) {
        try await api.placement.engine.setPolicy(stored)
      } catch  where error.code == .stale {
        // The driver made it live already, or a newer one.
      } catch {
        throw APIError(status: .internalServerError, detail: "stored as revision \(revision), but not live: \(error)")
      }
      return .json(PolicyView.resource.json(view(of: app, stored)))
    case let reply: throw APIError(unexpected: reply)
    }
  }
}
