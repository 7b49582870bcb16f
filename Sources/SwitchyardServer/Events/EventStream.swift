import SwitchyardModel

/// Which events somebody wants.
struct EventFilter: Sendable {
  var app: String?
  var job: String?
  var kinds: Set<EventKind>?
  /// The apps that the follower sees. What is of no app, everybody sees; but workers, which an event does not say
  /// the apps of, only who sees all.
  var scope: AppScope

  /// Whether it may be one of them; its job's name is looked at later, since it may have to be read.
  func admits(_ event: ClusterEvent) -> Bool {
    guard let kind = event.kind else { return false }
    return (kinds?.contains(kind) ?? true) && (app == nil || event.app == app)
      && (event.app.map { scope.contains($0) } ?? (kind != .worker || scope == .all))
  }
}

/// Writes events to one follower, from where it is.
struct EventStream: Sendable {
  private static let beat = Span.seconds(15)

  let api: APIContext
  let filter: EventFilter
  /// The last event that it has; nil: what happens from now on.
  let after: EventID?

  func run(_ write: @Sendable ([UInt8]) async throws -> Void) async throws {
    let log = api.observers.log
    var number = min(after?.number ?? .max, log.last)
    var output = "retry: 2000\n"
    if let after, after.incarnation != log.incarnation {
      number = 0
      output += gap(from: after, to: EventID(incarnation: log.incarnation, number: 0), lost: nil)
    }
    output += position(number)
    while true {
      try await write(Array(output.utf8))
      await log.wait(after: number, atMost: Self.beat)
      try Task.checkCancellation()
      output = try await page(after: &number)
      if output.isEmpty { output = ": nothing new\n" + position(number) }
    }
  }

  private func page(after number: inout UInt64) async throws -> String {
    let log = api.observers.log
    let page = log.page(after: number)
    var output = ""
    if page.lost > 0 {
      output += gap(
        from: EventID(incarnation: log.incarnation, number: number),
        to: EventID(incarnation: log.incarnation, number: number + page.lost), lost: page.lost)
    }
    for entry in page.entries where filter.admits(entry.event) {
      var name: String?
      if let job = entry.event.job { name = await api.jobName(job) }
      guard filter.job == nil || filter.job == name, let kind = entry.event.kind else { continue }
      output += """
        id: \(log.incarnation)-\(entry.number)
        event: \(kind.rawValue)
        data: \(entry.json(jobName: name).text)


        """
    }
    number = page.last
    return output
  }

  /// Where the follower is, for one that comes back: an event without data is not told, but its id is kept.
  private func position(_ number: UInt64) -> String { "id: \(api.observers.log.incarnation)-\(number)\n\n" }

  /// - Parameter lost: nil: nobody knows, since the server started anew.
  private func gap(from: EventID, to: EventID, lost: UInt64?) -> String {
    let data: JSONValue = [
      "from": .string("\(from)"), "to": .string("\(to)"), "lost": lost.map { JSONValue.count($0) } ?? .null,
    ]
    return "id: \(to)\nevent: gap\ndata: \(data.text)\n\n"
  }
}
