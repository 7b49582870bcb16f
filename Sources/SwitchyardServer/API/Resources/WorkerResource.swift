import SwitchyardModel

/// A worker as its record and its session show it.
struct WorkerView: Sendable {
  var record: WorkerRecord
  var state: State
  /// Attempts bound to it, and the slots that they take.
  var placed = 0
  var used = 0
  /// Nil: it has no session here.
  var heardAt: Timestamp?

  /// The words of the node state machine.
  enum State: String, CaseIterable, Sendable {
    case registering, running, draining
    /// Its stream broke; it may come back.
    case fault
    /// No session, and no verdict on it.
    case absent
    case lost, left
  }

  static let resource = Resource<WorkerView>(
    "Worker", "A process that runs attempts.",
    [
      .init("name", .output, "Its name, constant over restarts.") { .string($0.record.ref.name) },
      .init("incarnation", .output, "The number of its start, of 64 bits.") {
        .string(String($0.record.ref.incarnation))
      },
      .init("state", .choice(State.allCases.map(\.rawValue)), "How it is.") { .string($0.state.rawValue) },
      .init("site", Schema.output.orNull, "Where it stands.") { .text($0.record.profile.site) },
      .init("rack", Schema.output.orNull, "Where in the site.") { .text($0.record.profile.rack) },
      .init("apps", .list(of: .output), "Whose jobs it runs.") {
        .array($0.record.profile.apps.map(JSONValue.string))
      },
      .init("slots", .count, "How much it runs at a time.") { .count($0.record.profile.slots) },
      .init("used", .count, "Slots that are taken.") { .count($0.used) },
      .init("free", .count, "Slots that are not.") { .count(max(0, Int($0.record.profile.slots) - $0.used)) },
      .init("placed", .count, "Attempts bound to it now.") { .count($0.placed) },
      .init("weight", Schema(["type": "number"]), "What weighted strategies read.") {
        .number($0.record.profile.weight)
      },
      .init("tags", .list(of: .output), "What jobs may ask for.") {
        .array($0.record.profile.tags.map(JSONValue.string))
      },
      .init("labels", .map(of: .output), "What strategies read.") { $0.record.profile.labels.resource },
      .init("processors", .list(of: .output), "The kinds of work that it allows.") {
        .array($0.record.profile.processors.map(JSONValue.string))
      },
      .init("version", .output, "Of its program.") { .string($0.record.profile.version) },
      .init("session", .output, "The number of its stream, of 64 bits.") { .string(String($0.record.session)) },
      .init("home", .output, "The server that holds its stream.") { .string($0.record.home) },
      .init("seenAt", .time, "When it last registered, or was judged.") { .time($0.record.seenAt) },
      .init("heardAt", .time.orNull, "When its last heartbeat came; null: it has no session.") { .time($0.heardAt) },
    ])
}

extension [Label] {
  var resource: JSONValue {
    .object(JSONObject(unique: map { .init($0.key, .string($0.text)) }))
  }
}
