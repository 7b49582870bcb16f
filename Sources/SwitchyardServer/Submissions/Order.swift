import SwitchyardCore
import SwitchyardModel

/// One instance that is asked for, as it is read from a request.
struct Order: Hashable, Sendable {
  /// The job's name.
  var job: String
  /// The same key of the same job means the same instance.
  var key: String?
  /// JSON text.
  var parameters: String?
  /// Not before; nil: now.
  var at: Timestamp?

  static let keyBytes = 1...128
  static let parameterBytes = 65_536

  private static let fields: [Schema.Field] = [
    .optional("key", .text(keyBytes), "The same key again gives the instance that is there already."),
    .optional("parameters", .anything, "Any JSON of at most \(parameterBytes) bytes, instead of the job's own."),
    .optional("at", .time, "Not before this time."),
  ]

  /// Of a body that need not name the job.
  static let schema = Schema.object(fields).named("Submission")
  /// Of one among many.
  static let itemSchema = Schema.object([.required("job", .jobName, "The job's name.")] + fields).named(
    "SubmissionItem")

  /// The body of a request that names the job elsewhere.
  init(_ body: JSONValue, job: String) throws(FieldErrors) {
    self = try body.read { body in Order(fields: body, job: job) }
  }

  /// One among many.
  init(_ item: JSONValue) throws(FieldErrors) {
    self = try item.read { item in
      Order(
        fields: item,
        job: item.required("job", "a job's name")?.string(bytes: 1...128, check: NameRule.identifier) ?? "")
    }
  }

  private init(fields: ObjectReader, job: String) {
    self.job = job
    key = fields.optional("key")?.string(bytes: Self.keyBytes)
    parameters = fields.optional("parameters")?.json(bytes: Self.parameterBytes)
    at = fields.optional("at")?.timestamp()
  }

  /// Whether this asked for the instance that its key belongs to; parameters are compared as JSON.
  func matches(_ instance: Instance) -> Bool {
    // One without a time is due when it was created.
    guard at.map({ $0 == instance.dueAt }) ?? (instance.dueAt == instance.createdAt) else { return false }
    guard parameters != instance.parameters else { return true }
    guard let mine = parameters, let stored = instance.parameters else { return false }
    return (try? JSONValue(parsing: mine).canonicalBytes) == (try? JSONValue(parsing: stored).canonicalBytes)
  }
}

extension ValueReader {
  /// Any JSON, as its compact text.
  fileprivate func json(bytes limit: Int) -> String? {
    let text = value.text
    guard text.utf8.count <= limit else {
      refuse(mustBe: "JSON of at most \(limit) bytes")
      return nil
    }
    return text
  }
}

/// What became of an order.
struct Receipt: Hashable, Sendable {
  var instance: InstanceID
  /// It was there already, under its key.
  var isDuplicate: Bool

  static let resource = Resource<Receipt>(
    "Submitted", "An instance that is stored and will run.",
    [
      .init("id", .identity, "The instance.") { .string($0.instance.description) },
      .init("duplicate", .bool, "Whether it was there already, under this key.") { .bool($0.isDuplicate) },
    ])
}
