import SwitchyardCore
import SwitchyardModel

/// What an event is about.
enum EventKind: String, CaseIterable, Sendable {
  case instance, attempt, job, worker, policy, plugin, store, server
}

extension ClusterEvent {
  /// Nil for what is only counted.
  var kind: EventKind? {
    switch self {
    case .core(let notice): notice.kind
    case .policyStored, .policyLive, .policyFailed: .policy
    case .pluginLoaded, .pluginRefused: .plugin
    case .storeRefuses, .storeWritesAgain: .store
    }
  }

  /// Nil for what is about the server as a whole.
  var app: String? {
    switch self {
    case .core(.instance(_, _, let app, _, _, _)), .core(.started(_, _, let app, _, _)),
      .core(.attemptEnded(_, _, let app, _, _, _)):
      app
    case .core(.jobStored(let job)): job.app
    case .policyStored(let app, _), .policyLive(let app, _), .policyFailed(let app, _, _): app
    default: nil
    }
  }

  var job: JobID? {
    switch self {
    case .core(.instance(_, let job, _, _, _, _)), .core(.started(_, let job, _, _, _)),
      .core(.attemptEnded(_, let job, _, _, _, _)):
      job
    case .core(.jobStored(let job)): job.id
    default: nil
    }
  }
}

extension ServerNotice {
  fileprivate var kind: EventKind? {
    switch self {
    case .instance, .started: .instance
    case .attemptEnded: .attempt
    case .jobStored: .job
    case .workerJoined, .workerSuspended, .workerJudged: .worker
    case .owned, .resigned, .clockStepped: .server
    case .counted, .measured: nil
    }
  }
}

extension EventRing.Entry {
  /// The event as it is told.
  func json(jobName: String?) -> JSONValue {
    var fields = JSONObject()
    fields["at"] = .time(at)
    if let app = event.app { fields["app"] = .string(app) }
    if let job = event.job {
      fields["job"] = .text(jobName)
      fields["jobId"] = .string(job.description)
    }
    event.tell(&fields)
    if merged > 0 { fields["merged"] = .count(merged) }
    return .object(fields)
  }
}

extension ClusterEvent {
  fileprivate func tell(_ fields: inout JSONObject) {
    switch self {
    case .core(let notice): notice.tell(&fields)
    case .policyStored(_, let revision):
      fields["revision"] = .count(revision)
      fields["state"] = "stored"
    case .policyLive(_, let revision):
      fields["revision"] = .count(revision)
      fields["state"] = "live"
    case .policyFailed(_, let revision, let reason):
      fields["revision"] = .count(revision)
      fields["state"] = "failed"
      fields["reason"] = .string(reason)
    case .pluginLoaded(let id, let version, let generation):
      fields["plugin"] = .string(id)
      fields["state"] = "loaded"
      fields["version"] = .string(version)
      fields["generation"] = .count(generation)
    case .pluginRefused(let file, let reason):
      fields["file"] = .string(file)
      fields["state"] = "refused"
      fields["reason"] = .string(reason)
    case .storeRefuses(let reason):
      fields["state"] = "refusing"
      fields["reason"] = .string(reason)
    case .storeWritesAgain: fields["state"] = "writing"
    }
  }
}

extension ServerNotice {
  fileprivate func tell(_ fields: inout JSONObject) {
    switch self {
    case .instance(let id, _, _, let state, let attempt, let worker):
      fields["instance"] = .string(id.description)
      fields["state"] = .string(state.name)
      fields["attempt"] = .count(attempt)
      fields["worker"] = .text(worker?.name)
    case .started(let attempt, _, _, let worker, let startedAt):
      fields["instance"] = .string(attempt.instance.description)
      fields["state"] = "running"
      fields["attempt"] = .count(attempt.attempt)
      fields["worker"] = .string(worker.name)
      fields["startedAt"] = .time(startedAt)
    case .attemptEnded(let attempt, _, _, let worker, let outcome, let ran):
      fields["instance"] = .string(attempt.instance.description)
      fields["attempt"] = .count(attempt.attempt)
      fields["outcome"] = .string(outcome.name)
      fields["worker"] = .string(worker.name)
      fields["seconds"] = ran.map { JSONValue.number($0.seconds) } ?? .null
    case .jobStored(let job):
      fields["version"] = .count(job.version)
      fields["state"] = .string(job.state.rawValue)
      fields["nextFire"] = .time(job.nextFire)
    case .workerJoined(let ref, _): Self.tell(ref, "joined", &fields)
    case .workerSuspended(let ref): Self.tell(ref, "suspended", &fields)
    case .workerJudged(let ref, let verdict): Self.tell(ref, "\(verdict)", &fields)
    case .owned: fields["state"] = "owning"
    case .resigned(let reason):
      fields["state"] = "resigned"
      fields["reason"] = .string(reason)
    case .clockStepped(let step):
      fields["state"] = "clock-stepped"
      fields["by"] = .string("\(step)")
    case .counted, .measured: break
    }
  }

  private static func tell(_ worker: WorkerRef, _ state: String, _ fields: inout JSONObject) {
    fields["worker"] = .string(worker.name)
    fields["incarnation"] = .string(String(worker.incarnation))
    fields["state"] = .string(state)
  }
}
