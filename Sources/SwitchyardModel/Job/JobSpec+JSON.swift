/// A job as a file or a request holds it: the definition, and the app when it is named there.
package struct JobDocument: Hashable, Sendable {
  package var app: String?
  package var spec: JobSpec

  /// - Parameters:
  ///   - path: what the paths of errors begin with; empty for none.
  ///   - zones: where the time zone must be known; nil: its name is checked in form alone.
  /// - Throws: all that is wrong, at most ``FieldErrors/limit`` errors.
  package init(json: JSONValue, path: String = "", zones: TimeZoneDatabase? = nil) throws(FieldErrors) {
    self = try json.read(at: path) { fields in
      let app = fields.optional("app")?.string(bytes: 1...64, check: NameRule.app)
      return JobSpec(fields, zones: zones).map { JobDocument(app: app, spec: $0) }
    }
  }

  package init(app: String?, spec: JobSpec) {
    self.app = app
    self.spec = spec
  }

  package var json: JSONValue {
    var fields = JSONObject()
    fields["app"] = app.map(JSONValue.string)
    for member in spec.json.objectValue?.members ?? [] { fields[member.name] = member.value }
    return .object(fields)
  }
}

extension JobSpec {
  /// Reads what ``json`` wrote, and what users write; the fields are those of the type.
  package init(json: JSONValue, zones: TimeZoneDatabase? = nil) throws(FieldErrors) {
    self = try json.read { JobSpec($0, zones: zones) }
  }

  /// The bounds of what a job may ask for.
  enum Bounds {
    static let jitter: ClosedRange<Span> = .zero ... .seconds(86_399)
    static let timeout: ClosedRange<Span> = .milliseconds(1) ... .seconds(365 * 86_400)
    static let grace: ClosedRange<Span> = .zero ... .seconds(3600)
    static let slots: ClosedRange<UInt32> = 1...1024
    static let priority: ClosedRange<Int32> = -100...100
    static let tags = 0...32
    static let labels = 0...64
    /// Bytes of compact JSON.
    static let parameters = 65_536
  }

  init?(_ fields: ObjectReader, zones: TimeZoneDatabase?) {
    let name = fields.string("name", bytes: 1...128, check: NameRule.identifier)
    let schedule = fields.optional("schedule").map { $0.object(Schedule.init(_:)) } ?? .api
    let zone = fields.optional("timeZone")?.parsed(bytes: 1...64) { name throws(FieldError) in
      if let zones { _ = try zones.zone(named: name) } else { try TimeZoneDatabase.check(name: name) }
      return name
    }
    let startsAt = fields.optional("startsAt")?.timestamp()
    let endsAt = Self.end(fields, schedule, startsAt)
    let jitter = fields.optional("jitter")?.span(in: Bounds.jitter)
    let misfire = fields.optional("misfire").map { $0.object(Misfire.init(_:)) } ?? Misfire()
    let overlap = fields.optional("overlap")?.object(Overlap.init(_:))
    let processor = fields.object("processor", Processor.init(_:))
    let retry = fields.optional("retry").map { $0.object(RetryPolicy.init(_:)) } ?? RetryPolicy()
    let defaults = JobSpec(name: "", processor: .noop(duration: .zero))
    let timeout = fields.optional("timeout")?.span(in: Bounds.timeout)
    let grace = fields.optional("grace")?.span(in: Bounds.grace)
    let slots = fields.optional("slots")?.integer(in: Bounds.slots)
    let priority = fields.optional("priority")?.integer(in: Bounds.priority)
    let tags = fields.optional("tags")?.list(count: Bounds.tags) { $0.string(bytes: 1...64, check: NameRule.tag) }
    let labels = fields.optional("labels")?.labels(count: Bounds.labels, bytes: 0...256, key: NameRule.tag)
    let site = fields.optional("site")?.string(bytes: 1...64, check: NameRule.tag)
    let key = fields.optional("key")?.string(bytes: 1...256)
    let onLost = fields.optional("onLost")?.choice(of: OnLost.self)
    let whenIsolated = fields.optional("whenIsolated")?.choice(of: WhenIsolated.self)
    let parameters = fields.optional("parameters")?.text(limit: Bounds.parameters)
    guard let schedule, let misfire, let processor, let retry else { return nil }
    self.init(
      name: name, schedule: schedule, timeZone: zone ?? defaults.timeZone, startsAt: startsAt, endsAt: endsAt,
      jitter: jitter ?? defaults.jitter, misfire: misfire, overlap: overlap, processor: processor, retry: retry,
      timeout: timeout, grace: grace ?? defaults.grace, slots: slots ?? defaults.slots,
      priority: priority ?? defaults.priority, tags: Set(tags ?? []).sorted(), labels: labels ?? [], site: site,
      key: key, onLost: onLost ?? defaults.onLost, whenIsolated: whenIsolated ?? defaults.whenIsolated,
      parameters: parameters)
  }

  /// The end of the job's life, which must leave something of it.
  private static func end(_ fields: ObjectReader, _ schedule: Schedule?, _ startsAt: Timestamp?) -> Timestamp? {
    if case .once(let time)? = schedule, let startsAt, time < startsAt {
      fields.optional("startsAt")?.refuse(mustBe: "not later than the only due time, \(time)")
    }
    guard let reader = fields.optional("endsAt") else { return nil }
    let endsAt = reader.timestamp()
    if case .once(let time)? = schedule, time >= endsAt {
      reader.refuse(mustBe: "later than the only due time, \(time)")
    } else if let startsAt, endsAt <= startsAt {
      reader.refuse(mustBe: "later than startsAt, \(startsAt)")
    }
    return endsAt
  }

  /// All fields with their values, defaults too, so that a stored job keeps its meaning when a default changes.
  package var json: JSONValue {
    var fields = JSONObject()
    fields["name"] = .string(name)
    fields["schedule"] = schedule.json
    fields["timeZone"] = .string(timeZone)
    fields["startsAt"] = startsAt.map { .string("\($0)") }
    fields["endsAt"] = endsAt.map { .string("\($0)") }
    fields["jitter"] = jitter == .zero ? nil as JSONValue? : .string("\(jitter)")
    fields["misfire"] = misfire.json
    fields["overlap"] = overlap?.json
    fields["processor"] = processor.json
    fields["retry"] = retry.json
    fields["timeout"] = timeout.map { .string("\($0)") }
    fields["grace"] = .string("\(grace)")
    fields["slots"] = .integer(Int64(slots))
    fields["priority"] = .integer(Int64(priority))
    fields["tags"] = tags.isEmpty ? nil as JSONValue? : JSONValue.array(tags.map { .string($0) })
    fields["labels"] = labels.isEmpty ? nil as JSONValue? : labels.json
    fields["site"] = site.map { .string($0) }
    fields["key"] = key.map { .string($0) }
    fields["onLost"] = .string(onLost.rawValue)
    fields["whenIsolated"] = .string(whenIsolated.rawValue)
    fields["parameters"] = parameters.flatMap { try? JSONValue(parsing: $0) }
    return .object(fields)
  }
}

extension ValueReader {
  /// Named texts, sorted by name.
  func labels(count: ClosedRange<Int>, bytes: ClosedRange<Int>, multiline: Bool = false, key: (String) -> String?)
    -> [Label]
  {
    map(count: count, key: key) { $0.string(bytes: bytes, multiline: multiline) }
      .map { Label(key: $0.name, text: $0.value) }
      .sorted { $0.key < $1.key }
  }

  /// Any JSON as compact text.
  func text(limit: Int) -> String {
    let text = value.text
    if text.utf8.count > limit {
      note(FieldError(problem: "is longer than \(limit) bytes of JSON", accepted: "at most \(limit) bytes of JSON"))
    }
    return text
  }
}

extension [Label] {
  var json: JSONValue { .object(JSONObject(unique: map { JSONObject.Member($0.key, .string($0.text)) })) }
}
