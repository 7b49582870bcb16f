import SwitchyardModel

/// What is known of an instance that is not over and not durable.
struct SoftState: Sendable {
  /// Set while a worker says that it runs.
  var runningSince: Timestamp?
  /// Why nobody takes it.
  var waitsBecause: String?
}

/// An instance with what its row does not hold.
struct InstanceView: Sendable {
  var instance: Instance
  /// Nil when the job is not known any more.
  var jobName: String?
  var soft = SoftState()
  /// The attempts that others followed; nil: not asked for.
  var past: [PastAttempt]?

  /// A worker that says that it runs makes the state `running`.
  private var state: String {
    instance.state == .dispatched && soft.runningSince != nil ? "running" : instance.state.name
  }

  static let states = ["running"] + InstanceState.allCases.map(\.name)

  static let resource = Resource<InstanceView>(
    "Instance", "One firing of a job.",
    [
      .init("id", .identity, "Which instance it is.") { .string($0.instance.id.description) },
      .init("app", .output, "Whose it is.") { .string($0.instance.app) },
      .init("job", Schema.output.orNull, "The job's name; null when it is not known any more.") { .text($0.jobName) },
      .init("jobId", .identity, "The job.") { .string($0.instance.job.description) },
      .init("jobVersion", .count, "The version of the job that it obeys.") { .count($0.instance.jobVersion) },
      .init("occurrence", .output, "What it is the firing for; unique in the job.") {
        .string($0.instance.occurrence.text)
      },
      .init("state", .choice(states), "How far it is; `running` while a worker says so.") { .string($0.state) },
      .init("attempt", .count, "The number of its last attempt: the fence.") { .count($0.instance.attempt) },
      .init("tries", .count, "How many attempts counted for the retry policy.") { .count($0.instance.tries) },
      .init("worker", Schema.output.orNull, "Of the last attempt.") { .text($0.instance.worker?.name) },
      .init("incarnation", Schema.output.orNull, "Of that worker, of 64 bits.") {
        .text($0.instance.worker.map { String($0.incarnation) })
      },
      .init("dueAt", .time, "The nominal due time, or the time of submission.") { .time($0.instance.dueAt) },
      .init("createdAt", .time, "When it was fired.") { .time($0.instance.createdAt) },
      .init("readyAt", .time, "Not placed before this.") { .time($0.instance.readyAt) },
      .init("dispatchedAt", .time.orNull, "When its last attempt was placed.") { .time($0.instance.dispatchedAt) },
      .init("startedAt", .time.orNull, "When its last attempt started.") {
        .time($0.instance.startedAt ?? $0.soft.runningSince)
      },
      .init("endedAt", .time.orNull, "When it was over.") { .time($0.instance.endedAt) },
      .init("parameters", .anything, "Of this run; null: the job's own.") { .opaque($0.instance.parameters) },
      .init("result", .anything, "What the processor handed back: JSON, or else text.") {
        .opaque($0.instance.result)
      },
      .init("detail", Schema.output.orNull, "Why it is in this state.") { .text($0.instance.detail) },
      .maybe("waitsBecause", .output, "Why nobody takes it, as the lane said last.") {
        $0.soft.waitsBecause.map(JSONValue.string)
      },
      .maybe("pastAttempts", .list(of: AttemptView.resource.schema), "Attempts that others followed, in order.") {
        $0.past.map { .array($0.map { AttemptView.resource.json(AttemptView(past: $0)) }) }
      },
    ])
}

/// One dispatch of an instance to one worker.
struct AttemptView: Sendable {
  var number: UInt32
  var worker: WorkerRef
  /// Nil while it is under way.
  var outcome: String?
  var dispatchedAt: Timestamp?
  var startedAt: Timestamp?
  var endedAt: Timestamp?
  var detail: String?

  init(past: PastAttempt) {
    number = past.number
    worker = past.worker
    outcome = past.outcome.name
    dispatchedAt = past.dispatchedAt
    startedAt = past.startedAt
    endedAt = past.endedAt
    detail = past.detail
  }

  /// The last one, which is in the instance's own row; nil: there was none, or it is among the past ones because
  /// another is to follow.
  init?(lastOf view: InstanceView) {
    let instance = view.instance
    guard instance.attempt > 0, let worker = instance.worker, instance.state != .waiting, instance.state != .held,
      view.past?.last?.number != instance.attempt
    else { return nil }
    number = instance.attempt
    self.worker = worker
    outcome = instance.state.isTerminal ? instance.state.name : nil
    dispatchedAt = instance.dispatchedAt
    startedAt = instance.startedAt ?? view.soft.runningSince
    endedAt = instance.endedAt
    detail = instance.detail
  }

  static let resource = Resource<AttemptView>(
    "Attempt", "One dispatch of an instance to one worker.",
    [
      .init("attempt", .count, "Its number.") { .count($0.number) },
      .init("worker", .output, "Where it ran.") { .string($0.worker.name) },
      .init("incarnation", .output, "Of that worker, of 64 bits.") { .string(String($0.worker.incarnation)) },
      .init("outcome", Schema.choice(outcomes).orNull, "How it ended; null while it is under way.") {
        .text($0.outcome)
      },
      .init("dispatchedAt", .time.orNull, "When it was placed.") { .time($0.dispatchedAt) },
      .init("startedAt", .time.orNull, "When it started.") { .time($0.startedAt) },
      .init("endedAt", .time.orNull, "When it was over.") { .time($0.endedAt) },
      .init("detail", Schema.output.orNull, "Why it ended so.") { .text($0.detail) },
    ])

  private static let outcomes = AttemptOutcome.allCases.map(\.name) + ["cancelled", "expired", "skipped"]
}

extension JSONValue {
  /// Parameters and results are JSON where they parse as it, and text otherwise.
  fileprivate static func opaque(_ text: String?) -> JSONValue {
    guard let text else { return .null }
    return (try? JSONValue(parsing: text)) ?? .string(text)
  }
}
