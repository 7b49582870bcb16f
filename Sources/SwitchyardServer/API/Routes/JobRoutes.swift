import HTTPTypes
import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage
import SwitchyardSystem

/// Definitions of jobs.
struct JobRoutes {
  let api: APIContext

  private static let cursor = Query.cursor(
    .text(3...193, pattern: "^[a-z0-9][a-z0-9._-]{0,63}/[a-z0-9][a-z0-9._-]{0,127}$")
  ) {
    let parts = $0.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, NameRule.app(parts[0]) == nil, NameRule.identifier(parts[1]) == nil else {
      return nil as JobCursor?
    }
    return JobCursor(app: parts[0], name: parts[1])
  }
  private static let named = Parameter.text("name", bytes: 1...128, "Only those whose name contains this.").optional
  private static let state = Parameter<LiveState>.choice("state", "Only in this state.").optional
  private static let tag = Parameter.text("tag", .tag, "Only those that ask for this tag.", check: NameRule.tag)
    .optional
  private static let schedule = Parameter<Schedule.Kind>.choice("schedule", "Only those that fire like this.").optional
  private static let ifMatch = Parameter.text(
    "If-Match", bytes: 1...64, "Only if the job has still this ETag; or `*`: only if there is one."
  ).optional.inHeader
  private static let ifNoneMatch = Parameter.text(
    "If-None-Match", .choice(["*"]), "`*`: only if there is no such job yet.",
    check: { $0 == "*" ? nil : "*, which means: only if there is no such job yet" }
  ).optional.inHeader

  /// Deleted jobs are not listed.
  private enum LiveState: String, CaseIterable, Sendable { case enabled, paused }

  private static let count = Parameter<Int>.integer("count", in: 1...100, "How many times.").or(5)

  private static let nextTimes = Schema.object([
    .required("next", .list(of: .time), "Due times."),
    .required("words", .output, "The schedule in words."),
    .required("timeZone", .output, "In which a cron expression is read."),
    .required("jitter", Schema.span().orNull, "An instance starts up to so much after its due time; null: at once."),
  ])

  var routes: [Route] {
    let job = "/api/v1/apps/{app}/jobs/{name}"
    let etag = Schema.text(1...16, pattern: #"^"[0-9]+"$"#)
    let answer = Answer.ok(Job.resource.schema, "The job as it is now.")
      .with(header: "ETag", etag, "Changes with each edit; for `If-Match`.")
    let created = Answer.created(Job.resource.schema, "The new job.").withLocation
      .with(header: "ETag", etag, "Changes with each edit; for `If-Match`.")
      .leading(
        to: ["getJob", "runJob", "pauseJob", "resumeJob", "nextTimes", "listJobVersions", "deleteJob"].map {
          Answer.Link(
            operation: $0, parameters: ["app": "$response.body#/app", "name": "$response.body#/name"])
        })
    return Route.group(
      "jobs",
      [
        Route(
          .get, "/api/v1/jobs", .read, "listJobs", "Jobs, by app and name",
          takes: [Query.app, Self.named, Self.state, Self.tag, Self.schedule, Self.cursor, Query.limit],
          answers: .ok(Job.resource.page("jobs")), handle: list),
        Route(.get, job, .read, "getJob", "A job", answers: answer) { response(try await api.job($0)) },
        Route(
          .put, job, .write, "putJob", "Create a job or make its next version",
          about: "A definition that is there already, word for word, changes nothing.",
          takes: [Self.ifMatch, Self.ifNoneMatch], body: .json(JobDocument.schema), answers: answer, created,
          problems: [.conflict, .preconditionFailed], handle: put),
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
    let app = try request[Query.app]
    let (named, state) = (try request[Self.named], try request[Self.state])
    let (tag, schedule) = (try request[Self.tag], try request[Self.schedule])
    let page = try await Sieve(limit: try request[Query.limit], after: try request[Self.cursor]) { cursor, count in
      try await api.jobs(app: app, after: cursor, limit: count, for: request.caller)
    } cursor: {
      JobCursor(app: $0.app, name: $0.spec.name)
    } admits: { job in
      named.map { job.spec.name.contains($0) } ?? true && state.map { $0.rawValue == job.state.rawValue } ?? true
        && tag.map { job.spec.tags.contains($0) } ?? true && schedule.map { $0 == job.spec.schedule.kind } ?? true
    }.page()
    return .json(Job.resource.page("jobs", page.rows, next: page.next.map { "\($0.app)/\($0.name)" }))
  }

  /// Creates the job or makes its next version; a definition that is already there word for word changes
  /// nothing.
  @Sendable private func put(_ request: APIRequest) async throws -> APIResponse {
    let app = try request[Path.app]
    let name = try request[Path.job]
    let document = try JobDocument(json: try request.json(), zones: api.zones.names)
    guard document.spec.name == name else {
      throw APIError(
        unprocessable: FieldError(
          path: "name", mustBe: quoted(name) + " as in the path", found: quoted(document.spec.name)))
    }
    guard document.app == nil || document.app == app else {
      throw APIError(
        unprocessable: FieldError(
          path: "app", mustBe: quoted(app) + " as in the path", found: quoted(document.app ?? "")))
    }
    let existing = try await api.store.job(app: app, name: document.spec.name)
    try check(try request[Self.ifMatch], try request[Self.ifNoneMatch], against: existing)
    if let existing, existing.spec == document.spec { return response(existing) }
    switch await api.change(request, .putJob(app: app, spec: document.spec, existing: existing)) {
    case .job(let job):
      guard existing == nil else { return response(job) }
      var response = response(job, .created)
      response.headers[.location] = "/api/v1/apps/\(job.app)/jobs/\(job.spec.name)"
      return response
    case let reply: throw APIError(unexpected: reply)
    }
  }

  private func response(_ job: Job, _ status: HTTPResponse.Status = .ok) -> APIResponse {
    .json(Job.resource.json(job), status, headers: [.eTag: "\"\(job.version)\""])
  }

  /// RFC 9110, 13.1: so that nobody overwrites an edit that he has not seen.
  private func check(_ match: String?, _ noneMatch: String?, against existing: Job?) throws(APIError) {
    if let match, match != "*" && match != existing.map({ "\"\($0.version)\"" }) || existing == nil {
      throw APIError(
        status: .preconditionFailed,
        detail: existing.map { "the job has the ETag \"\($0.version)\" by now: read it, and decide again" }
          ?? "there is no such job; leave If-Match out to create it")
    }
    if noneMatch != nil, let existing {
      throw APIError(
        status: .preconditionFailed,
        detail: "there is such a job already, version \(existing.version); leave If-None-Match out to edit it")
    }
  }

  private func setState(_ request: APIRequest, _ state: JobState) async throws -> APIResponse {
    let job = try await api.job(request)
    if job.state == state { return response(job) }
    switch await api.change(request, .setJobState(job, state)) {
    case .job(let job): return response(job)
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
      "next": .array(times), "words": .string(job.spec.words), "timeZone": .string(job.spec.timeZone),
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
