import SwitchyardModel

extension WorkerRecord {
  static let columns = "name, incarnation, session, lineage, home, verdict, seen_at, profile"

  init(row: inout Row) throws(SQLiteFailure) {
    let ref = row.worker()
    let session = row.uint64()
    let lineage = row.uint64()
    let home = row.text()
    let verdict = row.optionalInt64().flatMap { UInt8(exactly: $0) }.flatMap(Verdict.init(rawValue:))
    let seenAt = row.timestamp()
    let profile = row.text()
    guard let json = try? JSONValue(parsing: profile) else { throw .damaged("the profile of worker \(ref) is no JSON") }
    self.init(
      ref: ref, session: session, lineage: lineage, home: home, verdict: verdict,
      profile: WorkerProfile(stored: json), seenAt: seenAt)
  }
}

extension WorkerProfile {
  /// The form in which the store keeps it; names that are absent were empty.
  var stored: JSONValue {
    var fields = JSONObject()
    fields["apps"] = .texts(apps)
    fields["slots"] = .integer(Int64(slots))
    fields["tags"] = tags.isEmpty ? nil : .texts(tags)
    fields["labels"] = labels.isEmpty ? nil : .array(labels.map { .texts([$0.key, $0.text]) })
    fields["processors"] = .texts(processors)
    fields["weight"] = .number(weight)
    fields["site"] = site.map { .string($0) }
    fields["rack"] = rack.map { .string($0) }
    fields["version"] = .string(version)
    return .object(fields)
  }

  init(stored json: JSONValue) {
    self.init(
      apps: json["apps"]?.texts ?? [], slots: json["slots"]?.integerValue.flatMap { UInt32(exactly: $0) } ?? 0,
      tags: json["tags"]?.texts ?? [],
      labels: (json["labels"]?.arrayValue ?? []).map {
        Label(key: $0[0]?.stringValue ?? "", text: $0[1]?.stringValue ?? "")
      },
      processors: json["processors"]?.texts ?? [], weight: json["weight"]?.doubleValue ?? 0,
      site: json["site"]?.stringValue, rack: json["rack"]?.stringValue, version: json["version"]?.stringValue ?? "")
  }
}

extension PolicyRevision {
  static let columns = "app, revision, policy, created_at"

  init(row: inout Row) throws(SQLiteFailure) {
    let app = row.text()
    let revision = row.uint64()
    let text = row.text()
    guard let policy = (try? JSONValue(parsing: text)).flatMap(Policy.init(stored:)) else {
      throw .damaged("revision \(revision) of the policy of \(app) cannot be read")
    }
    self.init(app: app, revision: revision, policy: policy, createdAt: row.timestamp())
  }
}

extension Policy {
  /// The form in which the store keeps it: each strategy a pair of plugin and configuration, both text.
  var stored: JSONValue {
    ["filters": .array(filters.map(\.stored)), "scorers": .array(scorers.map(\.stored)), "balancer": balancer.stored]
  }

  init?(stored json: JSONValue) {
    guard let balancer = json["balancer"].flatMap(Strategy.init(stored:)) else { return nil }
    self.init(
      filters: (json["filters"]?.arrayValue ?? []).compactMap(Strategy.init(stored:)),
      scorers: (json["scorers"]?.arrayValue ?? []).compactMap(Strategy.init(stored:)), balancer: balancer)
  }
}

extension Policy.Strategy {
  fileprivate var stored: JSONValue { .texts([plugin, configuration]) }

  fileprivate init?(stored json: JSONValue) {
    guard let plugin = json[0]?.stringValue, let configuration = json[1]?.stringValue else { return nil }
    self.init(plugin: plugin, configuration: configuration)
  }
}

extension JSONValue {
  fileprivate static func texts(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
  fileprivate var texts: [String] { (arrayValue ?? []).compactMap(\.stringValue) }
}
