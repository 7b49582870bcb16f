import SwitchyardModel

/// What is known of an instance that is not over and not durable.
struct SoftState: Sendable {
  /// Set while a worker says that it runs.
  var runningSince: Timestamp?
  /// Why nobody takes it.
  var waitsBecause: String?
}

extension Instance {
  /// The instance in the API.
  ///
  /// - Parameters:
  ///   - jobName: nil when the job is not known any more.
  ///   - soft: what the core knows of it besides; a worker that says that it runs makes the state `running`.
  func resource(jobName: String?, soft: SoftState) -> JSONValue {
    let runningSince = soft.runningSince
    var object = JSONObject()
    object["id"] = .string(id.description)
    object["app"] = .string(app)
    object["job"] = jobName.map(JSONValue.string) ?? .null
    object["jobId"] = .string(job.description)
    object["jobVersion"] = .integer(Int64(jobVersion))
    object["occurrence"] = .string(occurrence.text)
    object["state"] = .string(state == .dispatched && runningSince != nil ? "running" : state.name)
    object["attempt"] = .integer(Int64(attempt))
    object["tries"] = .integer(Int64(tries))
    object["worker"] = worker.map { .string($0.name) } ?? .null
    object["incarnation"] = worker.map { .string(String($0.incarnation)) } ?? .null
    object["dueAt"] = .string("\(dueAt)")
    object["createdAt"] = .string("\(createdAt)")
    object["readyAt"] = .string("\(readyAt)")
    object["dispatchedAt"] = time(dispatchedAt)
    object["startedAt"] = time(startedAt ?? runningSince)
    object["endedAt"] = time(endedAt)
    object["parameters"] = json(parameters)
    object["result"] = json(result)
    object["detail"] = detail.map(JSONValue.string) ?? .null
    if let reason = soft.waitsBecause { object["waitsBecause"] = .string(reason) }
    return .object(object)
  }
}

extension PastAttempt {
  var resource: JSONValue {
    [
      "attempt": .integer(Int64(number)), "worker": .string(worker.name),
      "incarnation": .string(String(worker.incarnation)), "outcome": .string(outcome.name),
      "dispatchedAt": .string("\(dispatchedAt)"), "startedAt": time(startedAt), "endedAt": .string("\(endedAt)"),
      "detail": detail.map(JSONValue.string) ?? .null,
    ]
  }
}

private func time(_ time: Timestamp?) -> JSONValue { time.map { .string("\($0)") } ?? .null }

/// Parameters and results are JSON where they parse as it, and text otherwise.
private func json(_ text: String?) -> JSONValue {
  guard let text else { return .null }
  return (try? JSONValue(parsing: text)) ?? .string(text)
}
