import HTTPTypes
import ServiceLifecycle
import SwitchyardCore
import SwitchyardModel
import SwitchyardPlacement
import SwitchyardStorage
import SwitchyardSystem

/// Firings of jobs: looking at them, waiting for them, ending them, reading their logs.
struct InstanceRoutes {
  let api: APIContext

  private static let words = InstanceView.states.joined(separator: "|")
  private static let states = Parameter(
    "state", .text(1...256, pattern: "^(\(words))(,(\(words)))*$").example("waiting"),
    "Only in these states, as `waiting,failed`: \(oneOf(InstanceView.states)).", states(in:)
  ).or([])
  private static let job = Parameter.text(
    "job", .jobName, "Only of this job of the app.", check: NameRule.identifier
  ).optional
  private static let worker = Parameter.text("worker", bytes: 1...128, "Only those bound to this worker.").optional
  private static let createdAfter = Parameter.time("createdAfter", "Only those that came to be then or later.").optional
  private static let createdBefore = Parameter.time("createdBefore", "Only those that came to be before.").optional
  private static let dueAfter = Parameter.time("dueAfter", "Only those that were due then or later.").optional
  private static let dueBefore = Parameter.time("dueBefore", "Only those that were due before.").optional
  private static let occurrence = Parameter.text(
    "occurrence", bytes: 1...160, "Only the one with this occurrence, of the job."
  ).optional
  private static let cursor = Query.cursor(.identity) { InstanceID($0) }
  private static let timeout = Parameter.span("timeout", in: Query.waits, "How long to wait.").or(.seconds(30))
  private static let attempt = Parameter<UInt32>.integer(
    "attempt", in: 1...UInt32.max, "Of this attempt; left out: of the last."
  ).optional
  private static let follow = Parameter.flag("follow", "Goes on until the instance is over.")
  private static let offset = Parameter<Int>.integer(
    "offset", in: 0...(1 << 48), "Bytes of the log to leave out at its beginning."
  ).or(0)
  private static let bytes = Parameter<Int>.integer("bytes", in: 1...(1 << 48), "How many bytes at most.").optional
  private static let download = Parameter.flag("download", "Names a file, for browsers.")

  private static let workers = Parameter<Int>.integer(
    "workers", in: 0...1000, "Of how many workers one by one."
  ).or(100)
  private static let again = Schema.object([
    .optional("key", .text(1...128), "The same key again gives the instance that is there already."),
    .optional("sameVersion", .bool, "By the definition that the instance had."),
  ])
  .named("Rerun")

  private static let changed = Schema.object([
    .required("id", .identity), .required("state", .choice(InstanceState.allCases.map(\.name))),
  ])
  .named("InstanceState")

  var routes: [Route] {
    Route.group(
      "instances",
      [
        Route(
          .get, "/api/v1/instances", .read, "listInstances", "Instances, newest first",
          takes: [
            Query.app, Self.job, Self.states, Self.worker, Self.createdAfter, Self.createdBefore, Self.dueAfter,
            Self.dueBefore, Self.occurrence, Self.cursor, Query.limit,
          ],
          answers: .ok(InstanceView.resource.page("instances")), problems: [.notFound, .unprocessableContent],
          handle: list),
        Route(
          .get, "/api/v1/instances/{instance}", .read, "getInstance", "An instance and its attempts",
          answers: .ok(InstanceView.resource.schema)
        ) { request in
          .json(InstanceView.resource.json(try await api.view(of: try await api.instance(request))))
        },
        Route(
          .get, "/api/v1/instances/{instance}/attempts", .read, "listAttempts", "All attempts of an instance, in order",
          answers: .ok(.object([.required("attempts", .list(of: AttemptView.resource.schema))]))
        ) { request in
          let instance = try await api.instance(request)
          let past = try await api.store.attempts(of: instance.id).map(AttemptView.init(past:))
          let last = AttemptView(lastOf: try await api.view(of: instance))
          return .json(["attempts": .array((past + [last].compactMap { $0 }).map(AttemptView.resource.json))])
        },
        Route(
          .get, "/api/v1/instances/{instance}/wait", .read, "waitForInstance", "Wait until an instance is over",
          about: "Answers when it is, or with what it is when the time has passed.", takes: [Self.timeout],
          answers: .ok(InstanceView.resource.schema)
        ) { request in try await ended(try await api.instance(request).id, within: try request[Self.timeout]) },
        Route(
          .get, "/api/v1/instances/{instance}/logs", .read, "readLog", "The log of an instance, as it was written",
          takes: [Self.attempt, Self.offset, Self.bytes, Self.follow, Self.download],
          answers: .bytes("text/plain; charset=utf-8", "The bytes."), handle: logs),
        Route(
          .get, "/api/v1/instances/{instance}/explain", .read, "explainInstance", "Why an instance waits",
          about: """
            Of each worker, who refuses it and why, as if it were placed now. Nothing is taken, and no balancer is \
            asked: asking may change whom it chooses next.
            """,
          takes: [Self.workers], answers: .ok(ExplanationView.resource.schema), problems: [.conflict], handle: explain),
        Route(
          .post, "/api/v1/instances/{instance}/rerun", .operate, "rerunInstance", "Run an instance's job once more",
          about: "With the same parameters, by the definition that the job has now.",
          body: .optionalJSON(Self.again),
          answers: .accepted(Receipt.resource.schema, "It is stored and will run.").leading(to: SubmissionRoutes.links),
          .ok(Receipt.resource.schema, "It was there already, under this key."), problems: [.conflict], handle: rerun),
        Route(
          .post, "/api/v1/instances/{instance}/cancel", .operate, "cancelInstance", "Cancel an instance that waits",
          answers: .ok(Self.changed), problems: [.conflict], handle: cancel),
        Route(
          .post, "/api/v1/instances/{instance}/stop", .operate, "stopInstance",
          "Stop an instance, whether it waits or runs", answers: .ok(Self.changed), problems: [.conflict]
        ) { try await end(try await api.instance($0), $0) },
        Route(
          .post, "/api/v1/instances/{instance}/release", .operate, "releaseInstance",
          "Let an instance run that is held because its worker was lost", answers: .ok(Self.changed),
          problems: [.conflict], handle: release),
      ])
  }

  @Sendable private func list(_ request: APIRequest) async throws -> APIResponse {
    var filter = InstanceFilter(
      app: try request[Query.app], states: try request[Self.states], worker: try request[Self.worker])
    if let name = try request[Self.job] {
      guard let app = filter.app else {
        throw APIError(
          unprocessable: FieldError(
            path: "app", problem: "is required together with job: which app's job is it?"))
      }
      guard let job = try await api.store.job(app: app, name: name) else {
        throw APIError.notFound(
          "the app \(quoted(app)) has no job \(quoted(name)); instances of a deleted one are among all of the app's")
      }
      filter.job = job.id
    }
    let page = try await page(request, filter)
    let soft = await api.softStates(of: page.rows)
    var views: [InstanceView] = []
    for instance in page.rows {
      views.append(
        InstanceView(
          instance: instance, jobName: try await api.jobName(of: instance), soft: soft[instance.id] ?? SoftState()))
    }
    return .json(InstanceView.resource.page("instances", views, next: page.next?.description))
  }

  private func page(
    _ request: APIRequest, _ filter: InstanceFilter
  ) async throws -> (rows: [Instance], next: InstanceID?) {
    let occurrence = try request[Self.occurrence]
    if occurrence != nil, filter.job == nil {
      throw APIError(
        unprocessable: FieldError(
          path: "job", problem: "is required together with occurrence: which job's is it?"))
    }
    let (dueAfter, dueBefore) = (try request[Self.dueAfter], try request[Self.dueBefore])
    // Identities hold the time at which they were made: a range of times is a range of them.
    let floor = try request[Self.createdAfter].map { IDGenerator.lowest(at: $0) } ?? 0
    let ceiling = try request[Self.createdBefore].map { InstanceID(rawValue: IDGenerator.lowest(at: $0)) }
    let start = [try request[Self.cursor], ceiling].compactMap { $0 }.min()
    return try await Sieve(limit: try request[Query.limit], after: start) { before, count in
      let rows = try await api.instances(filter, before: before, limit: count, for: request.caller)
      // Shorter than asked for: there is nothing behind it.
      return Array(rows.prefix { $0.id.rawValue >= floor })
    } cursor: {
      $0.id
    } weight: { instance in
      (instance.parameters?.utf8.count ?? 0) + (instance.result?.utf8.count ?? 0)
    } admits: { instance in
      dueAfter.map { instance.dueAt >= $0 } ?? true && dueBefore.map { instance.dueAt < $0 } ?? true
        && occurrence.map { $0 == instance.occurrence.text } ?? true
    }.page()
  }

  /// `waiting,failed`; `running` is one that a worker holds.
  @Sendable private static func states(in text: String) throws(FieldError) -> [InstanceState] {
    var states: [InstanceState] = []
    for name in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let state = name == "running" ? .dispatched : InstanceState(name: String(name)) else {
        throw FieldError(mustBe: oneOf(InstanceView.states), found: quoted(name))
      }
      states.append(state)
    }
    return states
  }

  /// Answers when the instance is over, or with what it is when the time has passed or the server shuts down.
  func ended(_ id: InstanceID, within span: Span) async throws -> APIResponse {
    let seat = try api.admission.waits.take()
    defer { withExtendedLifetime(seat) {} }
    return try await api.observers.waiters.watching(id) { signal in
      if try await !api.instance(id).state.isTerminal {
        await cancelWhenGracefulShutdown { await signal.wait(atMost: span) }
      }
      return .json(InstanceView.resource.json(try await api.view(of: try await api.instance(id))))
    }
  }

  @Sendable private func cancel(_ request: APIRequest) async throws -> APIResponse {
    let instance = try await api.instance(request)
    guard instance.state.isWaiting || instance.state == .held else {
      throw APIError.conflict(
        instance.state.isTerminal
          ? "the instance is over: \(instance.state.name)"
          : "the instance is \(instance.state.name), not waiting; `switchyard instance stop \(instance.id)` stops it")
    }
    return try await end(instance, request)
  }

  private func end(_ instance: Instance, _ request: APIRequest) async throws -> APIResponse {
    guard !instance.state.isTerminal else { throw APIError.conflict("the instance is over: \(instance.state.name)") }
    return try answer(await api.change(request, .end(instance), app: instance.app))
  }

  @Sendable private func release(_ request: APIRequest) async throws -> APIResponse {
    let instance = try await api.instance(request)
    guard instance.state == .held else { throw APIError.conflict("the instance is \(instance.state.name), not held") }
    return try answer(await api.change(request, .release(instance), app: instance.app))
  }

  @Sendable private func explain(_ request: APIRequest) async throws -> APIResponse {
    let instance = try await api.instance(request)
    guard !instance.state.isTerminal else { throw APIError.conflict("the instance is over: \(instance.state.name)") }
    let definition = try await definition(of: instance)
    let explanation = await api.placement.engine.explain(
      PlacementRequest(
        instance: instance.id, job: instance.job, app: instance.app, attempt: instance.attempt &+ 1,
        requirements: definition.requirements, waitingSince: instance.readyAt),
      limit: try request[Self.workers])
    return .json(
      ExplanationView.resource.json(
        ExplanationView(
          instance: try await api.view(of: instance), now: SystemClock.wall(), placement: explanation)))
  }

  private func definition(of instance: Instance) async throws -> JobVersion {
    guard let definition = try await api.store.definition(job: instance.job, version: instance.jobVersion) else {
      throw APIError.conflict("the job's version \(instance.jobVersion) is not kept any more")
    }
    return definition
  }

  @Sendable private func rerun(_ request: APIRequest) async throws -> APIResponse {
    let instance = try await api.instance(request)
    let (key, sameVersion) = try request.json().read { body in
      (body.optional("key")?.string(bytes: 1...128), body.optional("sameVersion")?.bool() ?? false)
    }
    let version = try await definition(of: instance)
    guard let job = try await api.store.job(app: instance.app, name: version.spec.name), job.id == instance.job else {
      throw APIError.conflict("the job \(quoted(version.spec.name)) was deleted; put it again, and run it")
    }
    let submission = Submission(
      definition: sameVersion ? version : JobVersion(job), key: key, parameters: instance.parameters)
    try api.admission.rates.take(1, for: instance.app)
    try api.admission.tokenRates.take(1, for: request.caller.hash)
    let reply = await api.driver.perform(.submit(submission))
    guard case .submitted(let id, let isDuplicate) = reply else { throw APIError(unexpected: reply) }
    return .json(Receipt.resource.json(Receipt(instance: id, isDuplicate: isDuplicate)), isDuplicate ? .ok : .accepted)
  }

  private func answer(_ reply: ServerReply) throws -> APIResponse {
    guard case .instance(let id, let state) = reply else { throw APIError(unexpected: reply) }
    return .json(["id": .string(id.description), "state": .string(state.name)])
  }

  /// The log as bytes; with `?follow=true` on and on until the instance is over.
  @Sendable private func logs(_ request: APIRequest) async throws -> APIResponse {
    let attempt = try request[Self.attempt]
    let follow = try request[Self.follow]
    let instance = try await api.instance(request)
    if let attempt, attempt > instance.attempt {
      throw APIError.notFound("the instance has had \(instance.attempt) attempts, and no attempt \(attempt)")
    }
    let follower = LogFollower(api: api, instance: instance.id, attempt: attempt)
    let window = ByteWindow(offset: try request[Self.offset], count: try request[Self.bytes])
    let seat = try api.admission.waits.take()
    var response = APIResponse.stream(contentType: "text/plain; charset=utf-8") { write in
      defer { withExtendedLifetime(seat) {} }
      try await follower.run(follow: follow, window, write)
    }
    if try request[Self.download] {
      let name = "\(instance.id)-\(attempt ?? instance.attempt).log"
      response.headers[.contentDisposition] = "attachment; filename=\"\(name)\""
    }
    return response
  }
}
