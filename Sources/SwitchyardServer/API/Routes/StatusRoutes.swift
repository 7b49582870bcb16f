import HTTPTypes
import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage
import SwitchyardSystem

/// The server as a whole.
struct StatusRoutes {
  let api: APIContext

  var routes: [Route] {
    Route.group(
      "server",
      [
        Route(
          .get, "/api/v1/status", .read, "getStatus", "The server in figures",
          answers: .ok(ServerView.resource.schema), handle: status)
      ])
  }

  @Sendable private func status(_ request: APIRequest) async throws -> APIResponse {
    let counts = try await api.store.activeCounts()
    let (core, workers) = await api.driver.inspect { core in
      (core.status, core.sessions.filter { $0.state == .live || $0.state == .draining }.count)
    }
    return .json(
      ServerView.resource.json(
        ServerView(
          server: api.server, startedAt: api.startedAt, now: SystemClock.wall(), core: core, workers: workers,
          active: counts, counters: api.observers.meter.counters)))
  }
}
