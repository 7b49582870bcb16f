import HTTPTypes
import ServiceLifecycle
import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage

/// Firings of jobs: looking at them, waiting for them, ending them, reading their logs.
struct InstanceRoutes {
  let api: APIContext

  private static let states = Parameter(
    "state", .text(1...256), "Only in these states, as `waiting,failed`: \(oneOf(InstanceView.states)).", states(in:)
  ).or([])
  private static let job = Parameter.text(
    "job", .jobName, "Only of this job of the app.", check: NameRule.identifier
  ).optional
  private static let worker = Parameter.text("worker", bytes: 1...128, "Only those bound to this worker.").optional
  private static let cursor = Query.cursor { text throws(FieldError) in
    guard let id = InstanceID(text) else {
      throw FieldError(mustBe: "what an answer gave as next", found: quoted(text))
    }
    return id
  }
  private static let timeout = Parameter.span("timeout", in: Query.waits, "How long to wait.").or(.seconds(30))
  private static let attempt = Parameter<UInt32>.integer(
    "attempt", in: 1...UInt32.max, "Of this attempt; left out: of the last."
  ).optional
  private static let follow = Parameter.flag("follow", "Goes on until the instance is over.")

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
          takes: [Query.app, Self.job, Self.states, Self.worker, Self.cursor, Query.limit],
          answers: .ok(InstanceView.resource.page("instances")), problems: [.notFound], handle: list),
        Route(
          .get, "/api/v1/instances/{instance}", .read, "getInstance", "An instance and its attempts",
          answers: .ok(InstanceView.resource.schema)
        ) { request in
          .json(InstanceView.resource.json(try await api.view(of: try await api.instance(request))))
        },
        Route(
          .get, "/api/v1/instances/{instance}/wait", .read, "waitForInstance", "Wait until an instance is over",
          about: "Answers when it is, or with what it is when the time has passed.", takes: [Self.timeout],
          answers: .ok(InstanceView.resource.schema)
        ) { request in try await ended(try request[Path.instance], within: try request[Self.timeout]) },
        Route(
          .get, "/api/v1/instances/{instance}/logs", .read, "readLog", "The log of an instance, as it was written",
          takes: [Self.attempt, Self.follow], answers: .bytes("text/plain; charset=utf-8", "The bytes."), handle: logs),
        Route(
          .post, "/api/v1/instances/{instance}/cancel", .operate, "cancelInstance", "Cancel an instance that waits",
          answers: .ok(Self.changed), problems: [.conflict], handle: cancel),
        Route(
          .post, "/api/v1/instances/{instance}/stop", .operate, "stopInstance",
          "Stop an instance, whether it waits or runs", answers: .ok(Self.changed), problems: [.conflict]
        ) { try await end(try await api.instance($0)) },
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
        throw FieldError(path: "app", problem: "is required together with job: which app's job is it?")
      }
      guard let job = try await api.store.job(app: app, name: name) else {
        throw APIError.notFound(
          "the app \(quoted(app)) has no job \(quoted(name)); instances of a deleted one are among all of the app's")
      }
      filter.job = job.id
    }
    let limit = try request[Query.limit]
    let instances = try await api.store.instances(filter, before: try request[Self.cursor], limit: limit)
    let soft = await api.softStates(of: instances)
    var views: [InstanceView] = []
    for instance in instances {
      views.append(
        InstanceView(
          instance: instance, jobName: try await api.jobName(of: instance), soft: soft[instance.id] ?? SoftState()))
    }
    let last = instances.count == limit ? instances.last : nil
    return .json(InstanceView.resource.page("instances", views, next: last?.id.description))
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
    return try await end(instance)
  }

  private func end(_ instance: Instance) async throws -> APIResponse {
    guard !instance.state.isTerminal else { throw APIError.conflict("the instance is over: \(instance.state.name)") }
    return try answer(await api.driver.perform(.end(instance)))
  }

  @Sendable private func release(_ request: APIRequest) async throws -> APIResponse {
    let instance = try await api.instance(request)
    guard instance.state == .held else { throw APIError.conflict("the instance is \(instance.state.name), not held") }
    return try answer(await api.driver.perform(.release(instance)))
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
    let seat = try api.admission.waits.take()
    return .stream(contentType: "text/plain; charset=utf-8") { write in
      defer { withExtendedLifetime(seat) {} }
      try await follower.run(follow: follow, write)
    }
  }
}
