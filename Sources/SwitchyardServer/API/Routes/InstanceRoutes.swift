import ServiceLifecycle
import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage

/// Firings of jobs: looking at them, waiting for them, ending them, reading their logs.
struct InstanceRoutes {
  let api: APIContext

  var routes: [Route] {
    [
      .get("/api/v1/instances", .read, list),
      .get("/api/v1/instances/:id", .read) { request in
        .json(try await api.resource(of: try await api.instance(request), attempts: true))
      },
      .get("/api/v1/instances/:id/wait", .read, wait),
      .get("/api/v1/instances/:id/logs", .read, logs),
      .post("/api/v1/instances/:id/cancel", .operate, cancel),
      .post("/api/v1/instances/:id/stop", .operate) { try await end(try await api.instance($0)) },
      .post("/api/v1/instances/:id/release", .operate, release),
    ]
  }

  @Sendable private func list(_ request: APIRequest) async throws -> APIResponse {
    let (filter, name, before, limit) = try request.query { query in
      (
        InstanceFilter(
          app: query.optional("app")?.string(bytes: 1...64),
          states: query.optional("state")?.parsed { text throws(FieldError) in try states(text) } ?? [],
          worker: query.optional("worker")?.string(bytes: 1...128)),
        query.optional("job")?.string(bytes: 1...128), query.identity("before", as: InstanceID.self),
        query.number("limit", in: 1...1000, default: 100)
      )
    }
    var chosen = filter
    if let name {
      guard let app = filter.app else {
        throw FieldErrors([FieldError(path: "app", problem: "is required together with job: which app's job is it?")])
      }
      guard let job = try await api.store.job(app: app, name: name) else {
        throw APIError.notFound(
          "the app \(quoted(app)) has no job \(quoted(name)); instances of a deleted one are among all of the app's")
      }
      chosen.job = job.id
    }
    let instances = try await api.store.instances(chosen, before: before, limit: limit)
    let soft = await api.softStates(of: instances)
    var resources: [JSONValue] = []
    for instance in instances {
      resources.append(
        instance.resource(jobName: try await api.jobName(of: instance), soft: soft[instance.id] ?? SoftState()))
    }
    let last = instances.count == limit ? instances.last : nil
    return .json(["instances": .array(resources), "next": last.map { .string($0.id.description) } ?? .null])
  }

  /// `waiting,failed`; `running` is one that a worker holds.
  private func states(_ text: String) throws(FieldError) -> [InstanceState] {
    var states: [InstanceState] = []
    for name in text.split(separator: ",") {
      guard let state = name == "running" ? .dispatched : InstanceState(name: String(name)) else {
        throw FieldError(mustBe: oneOf(["running"] + InstanceState.allCases.map(\.name)), found: quoted(name))
      }
      states.append(state)
    }
    return states
  }

  @Sendable private func wait(_ request: APIRequest) async throws -> APIResponse {
    let span = try request.query { $0.optional("timeout")?.span(in: .zero ... .seconds(600)) ?? .seconds(30) }
    return try await ended(try request.identity("id", "instance"), within: span)
  }

  /// Answers when the instance is over, or with what it is when the time has passed or the server shuts down.
  func ended(_ id: InstanceID, within span: Span) async throws -> APIResponse {
    try await api.notices.watching(id) { signal in
      if try await !api.instance(id).state.isTerminal {
        await cancelWhenGracefulShutdown { await signal.wait(atMost: span) }
      }
      return .json(try await api.resource(of: try await api.instance(id), attempts: true))
    }
  }

  @Sendable private func cancel(_ request: APIRequest) async throws -> APIResponse {
    let instance = try await api.instance(request)
    guard instance.state == .waiting || instance.state == .held else {
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
    let (attempt, follow) = try request.query { query in
      (query.number("attempt", in: 0...UInt32.max, default: 0), query.flag("follow"))
    }
    let instance = try await api.instance(request)
    guard attempt <= instance.attempt else {
      throw APIError.notFound("the instance has had \(instance.attempt) attempts, and no attempt \(attempt)")
    }
    let follower = LogFollower(api: api, instance: instance.id, attempt: attempt == 0 ? nil : attempt)
    return .stream(contentType: "text/plain; charset=utf-8") { write in
      try await follower.run(follow: follow, write)
    }
  }
}
