import HTTPTypes
import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage
import SwitchyardSystem

/// The workers that are or were connected.
struct WorkerRoutes {
  let api: APIContext

  private static let state = Parameter<WorkerView.State>.choice("state", "Only in this state.").optional
  private static let site = Parameter.text("site", .tag, "Only of this site.", check: NameRule.tag).optional
  private static let tag = Parameter.text("tag", .tag, "Only those that bear this tag.", check: NameRule.tag).optional
  private static let cursor = Query.cursor(.text(1...128)) { text in
    (1...128).contains(text.utf8.count) && !text.utf8.contains { $0 < 0x20 || $0 == 0x7F } ? text : nil
  }

  var routes: [Route] {
    Route.group(
      "workers",
      [
        Route(
          .get, "/api/v1/workers", .read, "listWorkers", "Workers, by name",
          takes: [Query.app, Self.state, Self.site, Self.tag, Query.limit, Self.cursor],
          answers: .ok(WorkerView.resource.page("workers")), handle: list),
        Route(
          .get, "/api/v1/workers/{worker}", .read, "getWorker", "A worker", answers: .ok(WorkerView.resource.schema)
        ) { request in
          let name = try request[Path.worker]
          guard case .workers(let records) = try await api.store.read(.worker(name: name)), let record = records.first,
            request.caller.sees(record.profile)
          else { throw APIError.notFound("there is no worker \(quoted(name)); `switchyard worker list` shows all") }
          return .json(WorkerView.resource.json(view(record, await sessions())))
        },
      ])
  }

  @Sendable private func list(_ request: APIRequest) async throws -> APIResponse {
    let (app, state) = (try request[Query.app], try request[Self.state])
    let (site, tag) = (try request[Self.site], try request[Self.tag])
    let sessions = await sessions()
    let page = try await Sieve(limit: try request[Query.limit], after: try request[Self.cursor]) { name, count in
      try await api.store.workers(after: name, limit: count).map { view($0, sessions) }
    } cursor: {
      $0.record.ref.name
    } admits: { view in
      let profile = view.record.profile
      return request.caller.sees(profile) && app.map { profile.apps.isEmpty || profile.apps.contains($0) } ?? true
        && state.map { $0 == view.state } ?? true && site.map { $0 == profile.site } ?? true
        && tag.map { profile.tags.contains($0) } ?? true
    }.page()
    return .json(WorkerView.resource.page("workers", page.rows, next: page.next))
  }

  private func sessions() async -> [WorkerRef: SessionStatus] {
    await api.driver.inspect { core in
      Dictionary(core.sessions.map { ($0.ref, $0) }, uniquingKeysWith: { first, _ in first })
    }
  }

  private func view(_ record: WorkerRecord, _ sessions: [WorkerRef: SessionStatus]) -> WorkerView {
    switch (record.verdict, sessions[record.ref]) {
    case (.lost, _): return WorkerView(record: record, state: .lost)
    case (.left, _): return WorkerView(record: record, state: .left)
    case (nil, nil): return WorkerView(record: record, state: .absent)
    case (nil, let session?):
      let now = SystemClock.now()
      return WorkerView(
        record: record, state: .init(session.state), placed: session.placed, used: session.used,
        heardAt: now.wall - (now.boot - session.heardAt))
    }
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
