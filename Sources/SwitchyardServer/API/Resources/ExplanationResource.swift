import SwitchyardModel
import SwitchyardPlacement

/// Why an instance is where it is, and where it might go.
struct ExplanationView: Sendable {
  var instance: InstanceView
  var now: Timestamp
  var placement: PlacementExplanation

  /// In a sentence.
  private var because: String {
    let row = instance.instance
    switch row.state {
    case .held: return "it is held: \(row.detail ?? "its worker was lost"); `instance release` lets it run"
    case .dispatched, .stopping: return "it is on worker \(row.worker?.name ?? "?")"
    case .waiting where row.readyAt > now: return "it is not to run before \(row.readyAt)"
    default:
      return instance.soft.waitsBecause
        ?? (placement.fitting > 0 ? "it is about to be placed" : "no worker can take it now")
    }
  }

  static let resource = Resource<ExplanationView>(
    "Explanation", "Why an instance is where it is, and where it might go.",
    [
      .init("instance", .identity, "Which instance.") { .string($0.instance.instance.id.description) },
      .init("state", .choice(InstanceState.allCases.map(\.name)), "Its state.") {
        .string($0.instance.instance.state.name)
      },
      .init("because", .output, "Why it is there, in a sentence.") { .string($0.because) },
      .init("policy", .count, "The revision of the app's policy that was asked; 0: the default.") {
        .count($0.placement.revision)
      },
      .init("balancer", .output, "Who chooses among those that fit.") { .string($0.placement.balancer) },
      .init("note", .output, "What a strategy says of the job as a whole, or why none was asked; may be empty.") {
        .string($0.placement.note)
      },
      .init("connected", .count, "Workers that are connected.") { .count($0.placement.connected) },
      .init("serving", .count, "Those of them that serve the app.") { .count($0.placement.serving) },
      .init("draining", .count, "Those of them that take nothing new.") { .count($0.placement.draining) },
      .init("suspended", .count, "Those of them that are out of reach.") { .count($0.placement.suspended) },
      .init("fitting", .count, "Those that could take it now.") { .count($0.placement.fitting) },
      .init(
        "refused",
        .list(
          of: .object([
            .required("by", .output, "`processor`, `tags`, `slots`, or the id of a filter."),
            .required("workers", .count, "How many."),
          ])), "How many were refused by whom, in the order of asking."
      ) { view in
        .array(view.placement.refused.map { ["by": .string($0.by), "workers": .count($0.workers)] })
      },
      .init(
        "workers", .list(of: PlacementExplanation.Worker.resource.schema),
        "Those that fit first, then those that do not."
      ) { .array($0.placement.workers.map(PlacementExplanation.Worker.resource.json)) },
    ])
}

extension PlacementExplanation.Worker {
  static let resource = Resource<PlacementExplanation.Worker>(
    "Candidate", "What became of one worker.",
    [
      .init("name", .output, "The worker.") { .string($0.ref.name) },
      .init("fits", .bool, "Whether it could take the job.") { .bool($0.refusal == nil) },
      .init("by", Schema.output.orNull, "Who refuses it.") { .text($0.refusal?.by) },
      .init("reason", Schema.output.orNull, "Why; empty where so many are refused that the filter was not asked.") {
        .text($0.refusal?.reason)
      },
      .init("slots", .count, "What it has.") { .count($0.slots) },
      .init("free", .count, "What of it is free.") { .count($0.free) },
      .init("scores", .map(of: Schema(["type": "number"])), "By scorer; higher is better.") { worker in
        .object(JSONObject(unique: worker.scores.map { .init($0.by, .number(Double($0.score))) }))
      },
    ])
}
