import HTTPTypes
import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage
import SwitchyardSystem

/// Why a job fired at an instant, or did not, or will.
struct WhyRoute {
  let api: APIContext

  private static let at = Parameter<InstantInZone>(
    "at", .format("instant").example("2026-03-29T01:30:00Z"),
    "An instant, as 2026-03-29T01:30:00Z; or what a clock in the job's time zone shows, as 2026-03-29T03:30."
  ) { text throws(FieldError) in try InstantInZone(parsing: text) }

  private static let answer = Schema.object([
    .required("at", .time, "The instant that was asked about, or the due time within that second."),
    .required("verdict", .choice(Why.Verdict.allCases.map(\.rawValue)), "What happened, or will."),
    .required("because", .output, "In a sentence."),
    .required("instance", InstanceView.resource.schema.orNull, "The instance, or the record of what was skipped."),
    .required("before", .time.orNull, "The nearest due time before, by the definition as it is now."),
    .required("after", .time.orNull, "The nearest due time after."),
    .required("startsFrom", .time.orNull, "With jitter: when its instance starts at the earliest."),
    .required("startsUntil", .time.orNull, "With jitter: before when its instance starts."),
    .required("clock", Schema.output.orNull, "What the zone's clocks did around that time, where they were changed."),
    .required("state", .choice(JobState.allCases.map(\.rawValue)), "Whether the job fires now."),
    .required("since", .time, "When the job was last edited, paused or resumed."),
  ])
  .named("Why")

  var route: Route {
    Route(
      .get, "/api/v1/apps/{app}/jobs/{name}/why", .read, "whyJob", "Why a job fired at an instant, or did not",
      takes: [Self.at], answers: .ok(Self.answer), problems: [.conflict], handle: why)
  }

  @Sendable private func why(_ request: APIRequest) async throws -> APIResponse {
    let at = try request[Self.at]
    let job = try await api.job(request)
    let zone = try api.zone(of: job)
    let (asked, clock) = at.instant(in: zone)
    let time = job.due(meaning: asked, zone: zone)
    let record = try await api.store.dueRecord(of: job.id, by: time)
    let why = job.why(at: time, now: SystemClock.wall(), record: record, zone: zone)
    var instance: JSONValue = .null
    if let record, why.verdict == .fired || why.verdict == .skipped {
      instance = InstanceView.resource.json(try await api.view(of: record))
    }
    return .json([
      "at": .string("\(why.time)"), "verdict": .string(why.verdict.rawValue), "because": .string(why.because),
      "instance": instance, "before": .time(why.before), "after": .time(why.after),
      "startsFrom": .time(why.window?.lowerBound), "startsUntil": .time(why.window?.upperBound), "clock": .text(clock),
      "state": .string(job.state.rawValue), "since": .time(job.updatedAt),
    ])
  }
}
