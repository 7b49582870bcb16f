import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage
import SwitchyardSystem

/// The server as a whole, and its workers.
struct StatusRoutes {
  let api: APIContext

  var routes: [Route] {
    [
      .get("/healthz", .anyone) { _ in .json(["status": "ok"]) },
      .get("/api/v1/status", .read, status), .get("/api/v1/workers", .read, workers),
    ]
  }

  @Sendable private func status(_ request: APIRequest) async throws -> APIResponse {
    let counts = try await api.store.activeCounts()
    var instances = JSONObject()
    for state in InstanceState.allCases where !state.isTerminal {
      instances[state.name] = .integer(Int64(counts[state] ?? 0))
    }
    var counters = JSONObject()
    for (name, count) in api.notices.counters.sorted(by: { $0.key < $1.key }) {
      counters[name] = .integer(Int64(clamping: count))
    }
    let (core, workers) = await api.driver.inspect { core in
      (core.status, core.sessions.filter { $0.state == .live || $0.state == .draining }.count)
    }
    let now = SystemClock.wall()
    return .json([
      "server": .string(api.server.id), "incarnation": .string(String(api.server.incarnation)),
      "startedAt": .string("\(api.startedAt)"), "now": .string("\(now)"),
      "uptimeSeconds": .number((now - api.startedAt).seconds),
      "phase": .string(core.phase), "workers": .integer(Int64(workers)),
      "instances": .object(instances),
      "pending": [
        "commit": .integer(Int64(core.pendingOps)), "placement": .integer(Int64(core.placing)),
        "storeRefuses": .bool(core.isStuck),
      ],
      "sinceStart": .object(counters),
    ])
  }

  @Sendable private func workers(_ request: APIRequest) async throws -> APIResponse {
    let (after, limit) = try request.query { query in
      (query.optional("after")?.string(bytes: 1...128), query.number("limit", in: 1...1000, default: 1000))
    }
    let records = try await api.store.workers(after: after, limit: limit)
    let sessions = await api.driver.inspect { core in
      Dictionary(core.sessions.map { ($0.ref, $0) }, uniquingKeysWith: { first, _ in first })
    }
    let resources = records.map { record in
      let session = sessions[record.ref]
      let state = record.verdict.map { "\($0)" } ?? session.map(\.state.word) ?? "absent"
      return record.resource(state: state, placed: session?.placed ?? 0)
    }
    let last = records.count == limit ? records.last : nil
    return .json(["workers": .array(resources), "next": last.map { .string($0.ref.name) } ?? .null])
  }
}

extension SessionStatus.State {
  /// The word of the node state machine.
  fileprivate var word: String {
    switch self {
    case .joining: "registering"
    case .live: "running"
    case .silent: "fault"
    case .draining: "draining"
    case .absent: "fault"
    }
  }
}
