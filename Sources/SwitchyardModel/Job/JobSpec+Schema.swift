/// What ``JobSpec/init(json:zones:)`` reads, for the API's document. Bounds are those of the readers.
extension JobSpec {
  package static let schema = Schema.object([
    .required("name", .jobName, "Unique in the app."),
    .optional("schedule", Schedule.schema, "When it fires by itself; left out: only when it is told to."),
    .optional("timeZone", .zoneName, "In which a cron expression is read; UTC when it is left out."),
    .optional("startsAt", .time, "No due time is before this; a fixed rate counts from it."),
    .optional("endsAt", .time, "No due time is at this or later."),
    .optional("jitter", .span(Bounds.jitter), "An instance starts up to so much after its due time."),
    .optional("misfire", Misfire.schema, "What becomes of due times that passed while nobody fired."),
    .optional("overlap", Overlap.schema, "How many may run at a time; left out: without limit."),
    .required("processor", Processor.schema, "What an attempt does."),
    .optional("retry", RetryPolicy.schema, "How often and when it is tried again."),
    .optional("timeout", .span(Bounds.timeout), "How long one attempt may run; left out: without limit."),
    .optional("grace", .span(Bounds.grace), "Between TERM and KILL."),
    .optional("slots", .integer(Bounds.slots), "Slots of a worker that an attempt takes."),
    .optional("priority", .integer(Bounds.priority), "Higher first."),
    .optional("tags", .list(of: .tag, Bounds.tags), "A worker must bear each of them."),
    .optional("labels", .map(of: .text(0...256), names: .tag, Bounds.labels), "What strategies read."),
    .optional("site", .tag, "The site that is wished for."),
    .optional("key", .text(1...256), "Equal keys tend to the same worker."),
    .optional("onLost", .choice(OnLost.allCases.map(\.rawValue)), "What becomes of a run whose worker is lost."),
    .optional(
      "whenIsolated", .choice(WhenIsolated.allCases.map(\.rawValue)), "What a worker does that is cut off."),
    .optional("parameters", .anything, "Any JSON of at most \(Bounds.parameters) bytes, for runs that bring none."),
  ])
  .named("JobSpec")
}

extension JobDocument {
  /// A job as it is sent: the app may be named besides.
  package static let schema = Schema(
    .object(JobSpec.schema.named["JobSpec"]?.json ?? JSONObject()), uses: JobSpec.schema.named
  )
  .adding([.optional("app", .appName, "Must be that of the path.")])
  .named("JobDocument")
}

extension Schedule {
  static let schema = Schema.one(of: [
    .object([
      .required(
        "cron", .format("cron").example("25 2 * * MON-FRI"),
        "5 fields, or 6 with the second first.")
    ]),
    .object([.required("every", .span(periods), "At a fixed rate.")]),
    .object([.required("delay", .span(periods), "After the run before.")]),
    .object([.required("at", .time, "Once.")]),
  ])
  .named("Schedule")
}

extension Misfire {
  static let schema = Schema.object([
    .optional("policy", .choice(Policy.allCases.map(\.rawValue)), "fire-once when it is left out."),
    .optional("threshold", .span(thresholds), "What is later than this was missed; 1m when it is left out."),
    .optional("limit", .integer(limits), "How many fire-all fires; only with that."),
  ])
  .named("Misfire")
}

extension Overlap {
  static let schema = Schema.object([
    .required("limit", .integer(limits), "How many are placed at a time."),
    .optional("policy", .choice(Policy.allCases.map(\.rawValue)), "queue when it is left out."),
    .optional("queue", .integer(queues), "How many may wait for their turn; only with the policy queue."),
  ])
  .named("Overlap")
}

extension RetryPolicy {
  static let schema = Schema.object([
    .optional("limit", .integer(0...100), "How many retries follow the first try."),
    .optional("backoff", .span(waits), "The wait after the first try."),
    .optional("factor", .number(1...100), "What each further wait is multiplied by."),
    .optional("max", .span(waits), "No wait is longer; at least the backoff."),
    .optional("jitter", .number(0...1), "The share of a wait that is random."),
  ])
  .named("RetryPolicy")
}

extension Processor {
  static let schema = Schema.one(of: [
    .object([.required("shell", ShellCommand.schema, "A command.")]),
    .object([.required("http", HTTPCall.schema, "A request.")]),
    .object([
      .required(
        "noop", .object([.optional("duration", .span(durations), "How long it lasts.")]),
        "Nothing, for tests and dry runs.")
    ]),
  ])
  .named("Processor")
}

extension ShellCommand {
  static let schema = Schema.object([
    .required(
      "command",
      .any(of: [
        .lines(bytes).with("pattern", #"^(?=[\s\S]*\S)[^\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]*$"#),
        .list(of: .lines(0...bytes.upperBound), 1...256),
      ]),
      "A text for the shell, or a list of a program and its arguments."),
    .optional(
      "env", .map(of: .lines(0...bytes.upperBound), names: .environmentName, 0...256),
      "Variables, besides the worker's."),
    .optional("cwd", .text(1...1024, pattern: #"^/[^\u0000-\u001F\u007F]*$"#), "An absolute path."),
  ])
  .named("ShellCommand")
}

extension HTTPCall {
  static let schema = Schema.object([
    .required(
      "url", .format("http-url").example("https://example.org/hook"), HTTPAddress.accepted),
    .optional("method", .choice(Method.allCases.map(\.rawValue)), "GET when it is left out."),
    .optional("headers", .map(of: .text(0...8192), names: .headerName, 0...64), "Header fields, each once."),
    .optional("body", .lines(0...65_536), "What is sent."),
    .optional(
      "expect", .any(of: [statusSchema, .list(of: statusSchema, 1...16)]), "Statuses that count as success."),
  ])
  .named("HTTPCall")

  private static let statusSchema = Schema.any(of: [
    .integer(100...599),
    .format("status-range").example("200-299"),
  ])
}

extension Policy {
  package static let schema = Schema.object([
    .optional("filters", .list(of: Strategy.schema, 0...16), "Who may run a job, in order."),
    .optional("scorers", .list(of: Strategy.schema, 0...16), "How well each suits."),
    .required("balancer", Strategy.schema, "Who of those does."),
  ])
  .named("Policy")
}

extension Policy.Strategy {
  static let schema = Schema.object([
    .required("plugin", .jobName, "The id of a plugin that is loaded."),
    .optional("config", Schema(["type": "object"]), "What the plugin's `configSchema` describes."),
  ])
  .named("Strategy")
}
