import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage
import SwitchyardSystem

/// What routes work with.
struct APIContext: Sendable {
  let server: ServerRef
  let startedAt: Timestamp
  let driver: ServerDriver
  let store: any Store
  let logs: LogStore
  let observers: Observers
  let admission: Admission
  let http = HTTPMeter()
  let connections: WorkerConnections
  let settings: ServerSettings
  let zones: ZoneFiles
  let plugins: PluginLibrary
  let placement: EnginePort
  let tokens: TokenDirectory
  let names = JobNames()

  func job(_ request: APIRequest) async throws -> Job {
    let app = try request[Path.app]
    let name = try request[Path.job]
    guard let job = try await store.job(app: app, name: name) else {
      throw APIError.notFound(
        "the app \(quoted(app)) has no job \(quoted(name)); `switchyard job list` shows those there are")
    }
    return job
  }

  func zone(of job: Job) throws -> TimeZoneRules {
    guard let zone = zones.rules(job.spec.timeZone) else {
      throw APIError.conflict("the time zone \(quoted(job.spec.timeZone)) is not known on this server; install tzdata")
    }
    return zone
  }

  func instance(_ request: APIRequest) async throws -> Instance {
    let instance = try await instance(try request[Path.instance])
    // Of an app that the caller does not see, it is not told that it is there.
    guard request.caller.apps.contains(instance.app) else {
      throw APIError.notFound("there is no instance \(instance.id)")
    }
    return instance
  }

  func instance(_ id: InstanceID) async throws -> Instance {
    guard let instance = try await store.instance(id) else {
      throw APIError.notFound("there is no instance \(id)")
    }
    return instance
  }

  /// The name of an instance's job, which a page of instances asks for over and over.
  func jobName(of instance: Instance) async throws -> String? {
    if let name = names[instance.job] { return name }
    let name = try await store.definition(job: instance.job, version: instance.jobVersion)?.spec.name
    if let name { names[instance.job] = name }
    return name
  }

  /// The name of a job, for events.
  func jobName(_ job: JobID) async -> String? {
    if let name = names[job] { return name }
    guard case .jobs(let rows)? = try? await store.read(.job(job)), let name = rows.first?.spec.name else { return nil }
    names[job] = name
    return name
  }

  /// What the core knows of those that are not over, in one look.
  func softStates(of instances: [Instance]) async -> [InstanceID: SoftState] {
    let open = instances.filter { $0.state == .dispatched || $0.state.isWaiting }
    if open.isEmpty { return [:] }
    return await driver.inspect { core in
      var states: [InstanceID: SoftState] = [:]
      for instance in open {
        states[instance.id] = SoftState(
          runningSince: core.running(instance.id, in: instance.shard),
          waitsBecause: core.waitingReason(instance.id, of: instance.job, in: instance.shard))
      }
      return states
    }
  }

  /// The instance with all that is known of it.
  func view(of instance: Instance) async throws -> InstanceView {
    InstanceView(
      instance: instance, jobName: try await jobName(of: instance),
      soft: await softStates(of: [instance])[instance.id] ?? SoftState(),
      past: try await store.attempts(of: instance.id))
  }
}
