import HTTPTypes
import SwitchyardModel
import SwitchyardStorage

/// What a job was before its edits.
struct JobVersionRoutes {
  let api: APIContext

  private static let cursor = Query.cursor(number: 1...UInt32.max)

  var routes: [Route] {
    let job = "/api/v1/apps/{app}/jobs/{name}"
    return Route.group(
      "jobs",
      [
        Route(
          .get, job + "/definition", .read, "exportJob", "A job's definition, as it may be put again",
          answers: .ok(JobDocument.schema)
        ) { request in
          let job = try await api.job(request)
          return .json(JobDocument(app: job.app, spec: job.spec).json)
        },
        Route(
          .get, job + "/versions", .read, "listJobVersions", "Versions of a job, newest first",
          takes: [Self.cursor, Query.limit], answers: .ok(JobVersion.resource.page("versions")), handle: list),
        Route(
          .get, job + "/versions/{version}", .read, "getJobVersion", "A version of a job",
          answers: .ok(JobVersion.resource.schema)
        ) { request in
          let number = try request[Path.version]
          let job = try await api.job(request)
          guard let version = try await api.store.definition(job: job.id, version: number) else {
            throw APIError.notFound("the job has versions 1 to \(job.version), and no version \(number)")
          }
          return .json(JobVersion.resource.json(version))
        },
      ])
  }

  @Sendable private func list(_ request: APIRequest) async throws -> APIResponse {
    let job = try await api.job(request)
    let first = try request[Self.cursor].map { min($0 - 1, job.version) } ?? job.version
    let limit = UInt32(try request[Query.limit])
    let last = first >= limit ? first - limit + 1 : 1
    var versions: [JobVersion] = []
    var number = first
    while number >= last, number > 0 {
      // Versions that no instance keeps may be gone.
      if let version = try await api.store.definition(job: job.id, version: number) { versions.append(version) }
      number -= 1
    }
    return .json(JobVersion.resource.page("versions", versions, next: last > 1 ? String(last) : nil))
  }
}

extension JobVersion {
  static let resource = Resource<JobVersion>(
    "JobVersion", "One immutable version of a job.",
    [
      .init("job", .identity, "The job.") { .string($0.job.description) },
      .init("app", .output, "Whose it is.") { .string($0.app) },
      .init("version", .count, "Its number.") { .count($0.number) },
      .init("spec", JobSpec.schema, "The definition.") { $0.spec.json },
    ])
}
