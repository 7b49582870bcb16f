import SwitchyardCore
import SwitchyardModel

/// The server as a whole.
struct ServerView: Sendable {
  var server: ServerRef
  var startedAt: Timestamp
  var now: Timestamp
  var core: ServerStatus
  /// Those with a session.
  var workers: Int
  var active: [InstanceState: Int]
  var counters: [String: UInt64]

  private static let activeStates = InstanceState.allCases.filter { !$0.isTerminal }

  static let resource = Resource<ServerView>(
    "Server", "The server in figures.",
    [
      .init("server", .output, "Its name, constant over restarts.") { .string($0.server.id) },
      .init("incarnation", .output, "The number of its start, of 64 bits.") { .string(String($0.server.incarnation)) },
      .init("startedAt", .time, "When it started.") { .time($0.startedAt) },
      .init("now", .time, "Its clock.") { .time($0.now) },
      .init("uptimeSeconds", Schema(["type": "number"]), "How long it runs.") {
        .number(($0.now - $0.startedAt).seconds)
      },
      .init("phase", .output, "`owning` when it can do its work.") { .string($0.core.phase) },
      .init("workers", .count, "Workers that are there.") { .count($0.workers) },
      .init(
        "instances", .object(activeStates.map { .required($0.name, .count) }), "How many are not over, by state."
      ) { view in
        .object(JSONObject(unique: activeStates.map { .init($0.name, .count(view.active[$0] ?? 0)) }))
      },
      .init(
        "pending",
        .object([
          .required("commit", .count, "Operations that wait for a commit or are in one."),
          .required("placement", .count, "Requests that lanes have not answered."),
          .required(
            "storeRefuses", Schema.output.orNull,
            "Why the store has not written anything for a second; null while it does."),
        ]), "What is under way."
      ) {
        [
          "commit": .count($0.core.pendingOps), "placement": .count($0.core.placing),
          "storeRefuses": .text($0.core.storeRefusal),
        ]
      },
      .init("sinceStart", .map(of: .count), "How often things happened.") { view in
        .object(
          JSONObject(unique: view.counters.sorted { $0.key < $1.key }.map { .init($0.key, .count($0.value)) }))
      },
    ])
}
