import SwitchyardModel
import SwitchyardSystem

extension Job {
  static let resource = Resource<Job>(
    "Job", "A job: what the user wrote under `spec`, and what the scheduler knows of it.",
    [
      .init("id", .identity, "Which job it is, whatever becomes of its name.") { .string($0.id.description) },
      .init("app", .output, "Whose it is.") { .string($0.app) },
      .init("name", .output, "Unique in the app.") { .string($0.spec.name) },
      .init("version", .count, "Grows with each edit.") { .count($0.version) },
      .init("state", .choice(JobState.allCases.map(\.rawValue)), "Whether it fires.") { .string($0.state.rawValue) },
      .init("nextFire", .time.orNull, "When it is due next; null: nothing is to come.") { .time($0.nextFire) },
      .init("ended", .bool, "Whether its life is over: it is enabled, and no due time is to come.") {
        .bool($0.hasEnded(at: SystemClock.wall()))
      },
      .init("spec", JobSpec.schema, "The definition.") { $0.spec.json },
      .init("createdAt", .time, "When it came to be.") { .time($0.createdAt) },
      .init("updatedAt", .time, "When it was last edited, paused or resumed.") { .time($0.updatedAt) },
    ])
}
