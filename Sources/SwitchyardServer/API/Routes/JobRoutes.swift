import HTTPTypes
import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage
import SwitchyardSystem

/// Definitions of jobs.
struct JobRoutes {
  let api: APIContext

  private static let cursor = Query.cursor { text throws(FieldError) in
    guard let slash = text.firstIndex(of: "/") else {
      throw FieldError(mustBe: "what an answer gave as next", found: quoted(text))
    }
    return JobCursor(app: String(text[..<slash]), name: String(text[text.index(after: slash)...]))
  }
  private static let count = Parameter<Int>.integer("count", in: 1...100, "How many times.").or(5)

  private static let nextTimes = Schema.object([
    .required("next", .list(of: .time), "Due times."),
    .required("timeZone", .output, "In which a cron expression is read."),
    .required("jitter", Schema.span().orNull, "An instance starts up to so much after its due time; null: at once."),
  ])

  var routes: [Route] {
    let job = "/api/v1/apps/{app}/jobs/{job}"
    let answer = Answer.ok(Job.resource.schema, "The job as it is now.")
    return Route.group(
      "jobs",
      [
        Route(
          .get, "/api/v1/jobs", .read, "listJobs", "Jobs, by app and name",
          takes: [Query.app, Self.cursor, Query.limit],
          answers: .ok(Job.resource.page("jobs")), handle: list),
        Route(.get, job, .read, "getJob", "A job", answers: .ok(Job.resource.schema)) {
          .json(Job.resource.json(try await api.job($0)))
        },
        Route(
          .put, job, .write, "putJob", "Create a job or make its next version",
          about: "A definition that is there already, word for word, changes nothing.",
          body: .json(JobDocument.schema), answers: answer, .created(Job.resource.schema, "The new job."),
          problems: [.conflict], handle: put),
        Route(.delete, job, .write, "deleteJob", "Delete a job", answers: answer, problems: [.conflict]) {
          try await setState($0, .deleted)
        },
        Route(
          .post, job + "/pause", .operate, "pauseJob", "Let a job not fire", answers: answer, problems: [.conflict]
        ) { try await setState($0, .paused) },
        Route(
          .post, job + "/resume", .operate, "resumeJob", "Let a job fire again", answers: answer, problems: [.conflict]
        ) { try await setState($0, .enabled) },
        Route(
          .get, job + "/next", .read, "nextTimes", "When a job is due next", takes: [Self.count],
          answers: .ok(Self.nextTimes), problems: [.conflict], handle: next),
        WhyRoute(api: api).route,
      ])
  }

  @Sendable private func list(_ request: APIRequest) async throws -> APIResponse {
    let limit = try request[Query.limit]
    let jobs = try await api.store.jobs(
      app: try request[Query.app], after: try request[Self.cursor], limit: limit)
    let last = jobs.count == limit ? jobs.last : nil
    return .json(Job.resource.page("jobs", jobs, next: last.map { "\($0.app)/\($0.spec.name)" }))
  }

  /// Creates the job or makes its next version; a definition that is already there word for word changes
  /// nothing.
  @Sendable private func put(_ request: APIRequest) async throws -> APIResponse {
    let app = try request[Path.app]
    let name = try request[Path.job]
    let document = try JobDocument(json: try request.json(), zones: api.zones.names)
    guard document.spec.name == name else {
      throw FieldError(
        path: "name", mustBe: quoted(name) + " as in the path", found: quoted(document.spec.name))
    }
    guard document.app == nil || document.app == app else {
      throw FieldError(path: "app", mustBe: quoted(app) + " as in the path", found: quoted(document.app ?? ""))
    }
    let existing = try await api.store.job(app: app, name: document.spec.name)
    if let existing, existing.spec == document.spec { return .json(Job.resource.json(existing)) }
    switch await api.driver.perform(.putJob(app: app, spec: document.spec, existing: existing)) {
    case .job(let job): return .json(Job.resource.json(job), existing == nil ? .created : .ok)
    case let reply: throw APIError(unexpected: reply)
    }
  }

  private func setState(_ request: APIRequest, _ state: JobState) async throws -> APIResponse {
    let job = try await api.job(request)
    if job.state == state { return .json(Job.resource.json(job)) }
    switch await api.driver.perform(.setJobState(job, state)) {
    case .job(let job): return .json(Job.resource.json(job))
    case let reply: throw APIError(unexpected: reply)
    }
  }

  @Sendable private func next(_ request: APIRequest) async throws -> APIResponse {
    let count = try request[Self.count]
    let job = try await api.job(request)
    let zone = try api.zone(of: job)
    var times: [JSONValue] = []
    var time = job.nextFire
    while let due = time, times.count < count {
      times.append(.string("\(due)"))
      time = job.spec.nextDue(after: due, anchor: job.anchor, zone: zone)
    }
    let jitter = job.spec.jitter
    return .json([
      "next": .array(times), "timeZone": .string(job.spec.timeZone),
      "jitter": jitter == .zero ? .null : .string("\(jitter)"),
    ])
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
