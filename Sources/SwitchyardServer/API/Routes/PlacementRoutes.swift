import HTTPTypes
import SwitchyardCore
import SwitchyardModel
import SwitchyardPlacement
import SwitchyardPlugins
import SwitchyardStorage

/// Strategies and the policies made of them.
struct PlacementRoutes {
  let api: APIContext

  var routes: [Route] {
    [
      .get("/api/v1/plugins", .read, plugins),
      .get("/api/v1/plugins/:id", .read, plugin),
      .get("/api/v1/apps/:app/policy", .read, policy),
      .put("/api/v1/apps/:app/policy", .admin, setPolicy),
    ]
  }

  @Sendable private func plugins(_ request: APIRequest) async throws -> APIResponse {
    await api.plugins.scan()
    let list = api.plugins.registry.list()
    return .json([
      "plugins": .array(list.filter { $0.state == .loaded }.map { $0.resource(nil) }),
      "refused": .array(
        list.compactMap { info in
          guard case .failed(let reason) = info.state else { return nil }
          return ["file": .string(info.file), "error": .string(reason)]
        }),
    ])
  }

  @Sendable private func plugin(_ request: APIRequest) async throws -> APIResponse {
    let id = request.path("id")
    guard let info = api.plugins.registry.info(id) else {
      throw APIError.notFound(
        "no plugin \(quoted(id)) is loaded; `switchyard plugin list` shows those that are, and why others are not")
    }
    let statistics = api.plugins.registry.statistics()
    return .json(info.resource(statistics.first { $0.plugin == id }))
  }

  @Sendable private func policy(_ request: APIRequest) async throws -> APIResponse {
    let app = request.path("app")
    if let accepted = NameRule.app(app) { throw FieldError(path: "app", mustBe: accepted, found: quoted(app)) }
    let stored = try await api.store.policy(app: app, revision: nil)
    let live = api.placement.engine.policyStatus().first { $0.app == app }
    let policy = stored?.policy ?? .byDefault
    return .json([
      "app": .string(app), "revision": .integer(Int64(clamping: stored?.revision ?? 0)),
      "live": .integer(Int64(clamping: live?.revision ?? 0)), "policy": policy.json,
      "error": live?.error.map(JSONValue.string) ?? .null,
      "createdAt": stored.map { .string("\($0.createdAt)") } ?? .null,
    ])
  }

  /// The policy is tried with instances of its own before it is stored, and live when this answers.
  @Sendable private func setPolicy(_ request: APIRequest) async throws -> APIResponse {
    let app = request.path("app")
    if let accepted = NameRule.app(app) { throw FieldError(path: "app", mustBe: accepted, found: quoted(app)) }
    let policy = try Policy(json: try request.json())
    await api.plugins.scan()
    do throws(PlacementError) {
      try await api.placement.engine.check(policy)
    } catch {
      throw FieldErrors([FieldError(path: error.path, problem: error.message)])
    }
    let revision = (try await api.store.policy(app: app, revision: nil)?.revision ?? 0) + 1
    switch await api.driver.perform(.putPolicy(app: app, policy, revision: revision)) {
    case .policy(let stored):
      do throws(PlacementError) {
        try await api.placement.engine.setPolicy(stored)
      } catch  where error.code == .stale {
        // The driver made it live already, or a newer one.
      } catch {
        throw APIError(status: .internalServerError, detail: "stored as revision \(revision), but not live: \(error)")
      }
      return .json(["app": .string(app), "revision": .integer(Int64(clamping: revision)), "policy": policy.json])
    case let reply: throw APIError(unexpected: reply)
    }
  }
}

extension PluginInfo {
  fileprivate func resource(_ statistics: PluginStatistics?) -> JSONValue {
    var object = JSONObject()
    object["id"] = .string(id)
    object["name"] = .string(name)
    object["version"] = .string(version)
    object["vendor"] = .string(vendor)
    object["license"] = .string(license)
    object["kinds"] = .array(kinds.map { .string($0.rawValue) })
    object["file"] = .string(file)
    object["sha256"] = .string(hash)
    object["state"] = "loaded"
    object["generation"] = .integer(Int64(clamping: generation))
    object["loadedAt"] = .string("\(loadedAt)")
    if !warnings.isEmpty { object["warnings"] = .array(warnings.map(JSONValue.string)) }
    if let statistics {
      object["calls"] = .integer(Int64(clamping: statistics.calls))
      object["errors"] = .integer(Int64(clamping: statistics.errors))
      object["overBudget"] = .integer(Int64(clamping: statistics.overBudget))
      let mean = statistics.calls == 0 ? 0 : statistics.nanoseconds / statistics.calls
      object["meanNanoseconds"] = .integer(Int64(clamping: mean))
      object["longestNanoseconds"] = .integer(Int64(clamping: statistics.longest))
      for counter in statistics.named { object["counter.\(counter.name)"] = .integer(Int64(clamping: counter.value)) }
      object["lastError"] = statistics.lastError.map(JSONValue.string) ?? .null
    }
    if let configSchema { object["configSchema"] = (try? JSONValue(parsing: configSchema)) ?? .string(configSchema) }
    return .object(object)
  }
}
