/// `{"filters": [{"plugin": "switchyard.datacenter", "config": {…}}], "scorers": [], "balancer": {…}}`
extension Policy {
  /// - Parameter path: what the paths of errors begin with; empty for none.
  package init(json: JSONValue, path: String = "") throws(FieldErrors) {
    self = try json.read(at: path) { fields in
      let filters = fields.optional("filters")?.list(count: 0...16) { $0.object(Strategy.init(_:)) } ?? []
      let scorers = fields.optional("scorers")?.list(count: 0...16) { $0.object(Strategy.init(_:)) } ?? []
      let balancer = fields.object("balancer", Strategy.init(_:))
      return balancer.map { Policy(filters: filters, scorers: scorers, balancer: $0) }
    }
  }

  package var json: JSONValue {
    [
      "filters": .array(filters.map(\.json)), "scorers": .array(scorers.map(\.json)), "balancer": balancer.json,
    ]
  }
}

extension Policy.Strategy {
  /// Bytes of a configuration as JSON.
  private static let limit = 65_536

  init?(_ fields: ObjectReader) {
    plugin = fields.string("plugin", bytes: 1...128, check: NameRule.identifier)
    configuration = "{}"
    guard let reader = fields.optional("config") else { return }
    guard case .object = reader.value else {
      reader.refuse(mustBe: "an object")
      return
    }
    configuration = String(decoding: reader.value.canonicalBytes, as: UTF8.self)
    if configuration.utf8.count > Self.limit {
      reader.note(FieldError(problem: "is longer than \(Self.limit) bytes of JSON", accepted: "a shorter object"))
    }
  }

  var json: JSONValue {
    ["plugin": .string(plugin), "config": (try? JSONValue(parsing: configuration)) ?? [:]]
  }
}
