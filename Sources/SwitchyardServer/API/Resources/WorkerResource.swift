import SwitchyardModel

extension WorkerRecord {
  /// The worker in the API.
  ///
  /// - Parameters:
  ///   - state: `registering`, `running`, `draining`, `fault` (its stream broke, it may come back), `lost`, `left`.
  ///   - placed: attempts bound to it.
  func resource(state: String, placed: Int) -> JSONValue {
    [
      "name": .string(ref.name), "incarnation": .string(String(ref.incarnation)), "state": .string(state),
      "site": profile.site.map(JSONValue.string) ?? .null, "rack": profile.rack.map(JSONValue.string) ?? .null,
      "apps": .array(profile.apps.map(JSONValue.string)), "slots": .integer(Int64(profile.slots)),
      "placed": .integer(Int64(placed)), "weight": .number(profile.weight),
      "tags": .array(profile.tags.map(JSONValue.string)),
      "labels": profile.labels.resource,
      "processors": .array(profile.processors.map(JSONValue.string)), "version": .string(profile.version),
      "session": .string(String(session)), "home": .string(home), "seenAt": .string("\(seenAt)"),
    ]
  }
}

extension [Label] {
  var resource: JSONValue {
    var object = JSONObject()
    for label in self { object[label.key] = .string(label.text) }
    return .object(object)
  }
}
