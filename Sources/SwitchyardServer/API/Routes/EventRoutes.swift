import HTTPTypes
import SwitchyardModel

/// What happens, as it happens: server-sent events.
struct EventRoutes {
  let api: APIContext

  private static let types = Parameter<Set<EventKind>>(
    "types", .text(1...256), "Only of these: \(EventKind.allCases.map(\.rawValue).joined(separator: ", "))."
  ) { text throws(FieldError) in
    var kinds: Set<EventKind> = []
    for name in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let kind = EventKind(rawValue: String(name)) else {
        throw FieldError(mustBe: oneOf(EventKind.allCases.map(\.rawValue)), found: quoted(name))
      }
      kinds.insert(kind)
    }
    return kinds
  }.optional

  private static let job = Parameter.text("job", .jobName, "Only of the app's job.", check: NameRule.identifier)
    .optional

  private static let last = Parameter<EventID>("Last-Event-ID", .text(3...64), "Go on after this event.") {
    text throws(FieldError) in try EventID(text)
  }.optional.inHeader

  var routes: [Route] {
    Route.group(
      "events",
      [
        Route(
          .get, "/api/v1/events", .read, "followEvents", "What happens, as it happens",
          about: """
            Server-sent events; `data` is a JSON object. Each has an id to go on from (`Last-Event-ID`). The event `gap` says \
            that some were lost, and how many. A reader that is far behind gets of each instance the last state alone; \
            `merged` says how many states that stands for. Where nothing happens a comment comes every 15 seconds. \
            A token for some apps gets their events, and those of no app but workers'.
            """,
          takes: [Query.app, Self.job, Self.types, Self.last],
          answers: .bytes("text/event-stream", "Events until the connection closes."),
          problems: [.serviceUnavailable, .unprocessableContent],
          handle: follow)
      ])
  }

  @Sendable private func follow(_ request: APIRequest) async throws -> APIResponse {
    let filter = EventFilter(
      app: try request[Query.app], job: try request[Self.job], kinds: try request[Self.types],
      scope: request.caller.apps)
    guard filter.job == nil || filter.app != nil else {
      throw APIError(
        unprocessable: FieldError(path: "app", problem: "is required together with job: which app's job is it?"))
    }
    let stream = EventStream(api: api, filter: filter, after: try request[Self.last])
    let seat = try api.admission.subscribers.take()
    return .stream(contentType: "text/event-stream") { write in
      defer { withExtendedLifetime(seat) {} }
      try await stream.run(write)
    }
  }
}
