import HTTPTypes
import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage
import SwitchyardSystem

/// Definitions of jobs, and starting them.
struct JobRoutes {
  let api: APIContext

  var routes: [Route] {
    [
      .get("/api/v1/jobs", .read, list),
      .get("/api/v1/apps/:app/jobs/:name", .read) { .json(try await api.job($0).resource) },
      .put("/api/v1/apps/:app/jobs/:name", .write, put),
      .delete("/api/v1/apps/:app/jobs/:name", .write) { try await setState($0, .deleted) },
      .post("/api/v1/apps/:app/jobs/:name/pause", .operate) { try await setState($0, .paused) },
      .post("/api/v1/apps/:app/jobs/:name/resume", .operate) { try await setState($0, .enabled) },
      .post("/api/v1/apps/:app/jobs/:name/run", .operate, run),
      .get("/api/v1/apps/:app/jobs/:name/next", .read, next),
    ]
  }

  @Sendable private func list(_ request: APIRequest) async throws -> APIResponse {
    let (app, after, limit) = try request.query { query in
      (
        query.optional("app")?.string(bytes: 1...64),
        query.optional("after")?.parsed { text throws(FieldError) in
          guard let slash = text.firstIndex(of: "/") else { throw FieldError(mustBe: "APP/NAME", found: quoted(text)) }
          return JobCursor(app: String(text[..<slash]), name: String(text[text.index(after: slash)...]))
        },
        query.number("limit", in: 1...1000, default: 100)
      )
    }
    let jobs = try await api.store.jobs(app: app, after: after, limit: limit)
    let last = jobs.count == limit ? jobs.last : nil
    return .json([
      "jobs": .array(jobs.map(\.resource)), "next": last.map { .string("\($0.app)/\($0.spec.name)") } ?? .null,
    ])
  }

  /// Creates the job or makes its next version; a definition that is already there word for word changes
  /// nothing.
  @Sendable private func put(_ request: APIRequest) async throws -> APIResponse {
    let app = request.path("app")
    if let accepted = NameRule.app(app) { throw FieldError(path: "app", mustBe: accepted, found: quoted(app)) }
    let document = try JobDocument(json: try request.json(), zones: api.zones.names)
    guard document.spec.name == request.path("name") else {
      throw FieldError(
        path: "name", mustBe: quoted(request.path("name")) + " as in the path", found: quoted(document.spec.name))
    }
    guard document.app == nil || document.app == app else {
      throw FieldError(path: "app", mustBe: quoted(app) + " as in the path", found: quoted(document.app ?? ""))
    }
    let existing = try await api.store.job(app: app, name: document.spec.name)
    if let existing, existing.spec == document.spec { return .json(existing.resource) }
    switch await api.driver.perform(.putJob(app: app, spec: document.spec, existing: existing)) {
    case .job(let job): return .json(job.resource, existing == nil ? .created : .ok)
    case let reply: throw APIError(unexpected: reply)
    }
  }

  private func setState(_ request: APIRequest, _ state: JobState) async throws -> APIResponse {
    let job = try await api.job(request)
    if job.state == state { return .json(job.resource) }
    switch await api.driver.perform(.setJobState(job, state)) {
    case .job(let job): return .json(job.resource)
    case let reply: throw APIError(unexpected: reply)
    }
  }

  /// `{"key": "…", "parameters": …, "at": "…"}`, all optional; `?wait=30s` answers when the run is over.
  @Sendable private func run(_ request: APIRequest) async throws -> APIResponse {
    let wait: Span? = try request.query { Optional.some($0.optional("wait")?.span(in: .zero ... .seconds(600))) }
    let job = try await api.job(request)
    let submission = try request.json().read { body in
      Submission(
        definition: JobVersion(job), key: body.optional("key")?.string(bytes: 1...128),
        parameters: body.optional("parameters")?.json(bytes: 65_536), at: body.optional("at")?.timestamp())
    }
    guard job.state != .deleted else { throw APIError.conflict("the job is deleted") }
    switch await api.driver.perform(.submit(submission)) {
    case .submitted(let id, let duplicate):
      if let wait {
        return try await InstanceRoutes(api: api).ended(id, within: wait)
      }
      return .json(["id": .string(id.description), "duplicate": .bool(duplicate)], duplicate ? .ok : .accepted)
    case let reply: throw APIError(unexpected: reply)
    }
  }

  @Sendable private func next(_ request: APIRequest) async throws -> APIResponse {
    let count = try request.query { $0.number("count", in: 1...100, default: 5) }
    let job = try await api.job(request)
    guard let zone = api.zones.rules(job.spec.timeZone) else {
      throw APIError.conflict("the time zone \(quoted(job.spec.timeZone)) is not known on this server; install tzdata")
    }
    var times: [JSONValue] = []
    var time = job.nextFire
    while let due = time, times.count < count {
      times.append(.string("\(due)"))
      time = job.spec.schedule.next(after: due, anchor: job.anchor, zone: zone)
    }
    return .json(["next": .array(times), "timeZone": .string(job.spec.timeZone)])
  }
}

extension APIError {
  init(unexpected reply: ServerReply) {
    if case .refused(let code, let text) = reply {
      self.init(code, text)
    } else {
      self.init(status: .internalServerError, detail: "the server gave an answer to another question")
    }
  }
}

extension ValueReader {
  /// Any JSON, as its compact text.
  func json(bytes limit: Int) -> String? {
    let text = value.text
    guard text.utf8.count <= limit else {
      refuse(mustBe: "JSON of at most \(limit) bytes")
      return nil
    }
    return text
  }
}
