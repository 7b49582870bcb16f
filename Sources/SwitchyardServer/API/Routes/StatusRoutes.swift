import HTTPTypes
import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage
import SwitchyardSystem

/// The server as a whole, and its workers.
struct StatusRoutes {
  let api: APIContext

  private static let cursor = Query.cursor { text throws(FieldError) in text }

  var routes: [Route] {
    Route.group(
      "server",
      [
        Route(
          .get, "/api/v1/status", .read, "getStatus", "The server in figures",
          answers: .ok(ServerView.resource.schema), handle: status),
        Route(
          .get, "/api/v1/workers", .read, "listWorkers", "Workers, by name",
          takes: [Query.limit, Self.cursor], answers: .ok(WorkerView.resource.page("workers")), handle: workers),
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

  @Sendable private func workers(_ request: APIRequest) async throws -> APIResponse {
    let limit = try request[Query.limit]
    let records = try await api.store.workers(after: try request[Self.cursor], limit: limit)
    let sessions = await api.driver.inspect { core in
      Dictionary(core.sessions.map { ($0.ref, $0) }, uniquingKeysWith: { first, _ in first })
    }
    let views = records.map { record in
      let session = sessions[record.ref]
      let state: WorkerView.State =
        switch record.verdict {
        case .lost: .lost
        case .left: .left
        case nil: session.map { WorkerView.State($0.state) } ?? .absent
        }
      return WorkerView(record: record, state: state, placed: session?.placed ?? 0)
    }
    let last = records.count == limit ? records.last : nil
    return .json(WorkerView.resource.page("workers", views, next: last?.ref.name))
  }
}

extension WorkerView.State {
  fileprivate init(_ state: SessionStatus.State) {
    self =
      switch state {
      case .joining: .registering
      case .live: .running
      case .draining: .draining
      case .silent, .absent: .fault
      }
  }
}
