import SwitchyardModel

extension Job {
  /// The job in the API: what the user wrote under `spec`, and what the scheduler knows of it.
  var resource: JSONValue {
    [
      "id": .string(id.description), "app": .string(app), "name": .string(spec.name),
      "version": .integer(Int64(version)), "state": .string(state.rawValue),
      "nextFire": nextFire.map { .string("\($0)") } ?? .null, "spec": spec.json,
      "createdAt": .string("\(createdAt)"), "updatedAt": .string("\(updatedAt)"),
    ]
  }
}
