import SwitchyardCore
import SwitchyardModel
import SwitchyardPlacement

/// Whether a server can do its work, and if not, why: for load balancers and for people.
struct Readiness: Sendable {
  struct Check: Sendable {
    var name: String
    /// What is wrong; nil: nothing.
    var problem: String?
  }

  var checks: [Check]
  var isReady: Bool { checks.allSatisfy { $0.problem == nil } }

  init(of api: APIContext) async {
    let status = await api.driver.inspect { $0.status }
    let isStopping = status.phase == "stopping" || status.phase == "stopped"
    let failed = api.placement.engine.policyStatus().count { $0.error != nil }
    checks = [
      Check(name: "running", problem: isStopping ? "the server is \(status.phase)" : nil),
      Check(name: "shards", problem: status.phase == "owning" || isStopping ? nil : "the server is \(status.phase)"),
      Check(
        name: "store",
        problem: status.storeRefusal ?? (api.driver.storeRefuses ? "the store does not write now" : nil)),
      Check(
        name: "policies",
        problem: failed == 0 ? nil : "\(failed) policies could not be made live: `switchyard policy show` says why"),
    ]
  }

  static let resource = Resource<Readiness>(
    "Readiness", "Whether the server can do its work.",
    [
      .init("ready", .bool, "Whether everything is well.") { .bool($0.isReady) },
      .init(
        "checks",
        .list(
          of: .object([
            .required("name", .output), .required("ok", .bool), .required("problem", Schema.output.orNull),
          ])), "What was looked at."
      ) { readiness in
        .array(
          readiness.checks.map {
            ["name": .string($0.name), "ok": .bool($0.problem == nil), "problem": .text($0.problem)]
          })
      },
    ])
}
