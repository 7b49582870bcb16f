/// `{"cron": "0 9 * * MON-FRI"}`, `{"every": "10s"}`, `{"delay": "10s"}`, `{"at": "2026-03-29T01:30:00Z"}`.
extension Schedule {
  init?(_ fields: ObjectReader) {
    guard let (name, reader) = fields.exactlyOne(of: ["cron", "every", "delay", "at"]) else { return nil }
    switch name {
    case "cron":
      guard let expression = reader.parsed(bytes: 1...CronExpression.lengthLimit, Schedule.firing) else { return nil }
      self = .cron(expression)
    case "every": self = .fixedRate(reader.span(in: Schedule.periods))
    case "delay": self = .fixedDelay(reader.span(in: Schedule.periods))
    default: self = .once(reader.timestamp())
    }
  }

  /// A cron expression that is due at least once: 30 February is a mistake, and is said to be one.
  private static func firing(_ text: String) throws(FieldError) -> CronExpression {
    let expression = try CronExpression(parsing: text)
    guard expression.next(after: Timestamp(seconds: 1_735_689_600), in: .utc) != nil else {
      throw FieldError(
        problem: "\(quoted(text)) names a day that no month has, and would never fire",
        accepted: "an expression with days that come")
    }
    return expression
  }

  /// Nil for jobs that are started through the API alone.
  var json: JSONValue? {
    switch self {
    case .api: nil
    case .cron(let expression): ["cron": .string(expression.text)]
    case .fixedRate(let period): ["every": .string("\(period)")]
    case .fixedDelay(let delay): ["delay": .string("\(delay)")]
    case .once(let time): ["at": .string("\(time)")]
    }
  }
}

extension RetryPolicy {
  /// A week: the longest wait between two tries.
  static let waits: ClosedRange<Span> = .zero ... .seconds(7 * 86_400)

  init?(_ fields: ObjectReader) {
    self.init()
    limit = fields.optional("limit")?.integer(in: 0...100) ?? limit
    backoff = fields.optional("backoff")?.span(in: Self.waits) ?? backoff
    factor = fields.optional("factor")?.double(in: 1...100) ?? factor
    jitter = fields.optional("jitter")?.double(in: 0...1) ?? jitter
    if let reader = fields.optional("max") {
      max = reader.span(in: Self.waits)
      if max < backoff { reader.refuse(mustBe: "at least the backoff, \(backoff)") }
    } else {
      max = Swift.max(max, backoff)
    }
  }

  var json: JSONValue {
    [
      "limit": .integer(Int64(limit)), "backoff": .string("\(backoff)"), "factor": .number(factor),
      "max": .string("\(max)"), "jitter": .number(jitter),
    ]
  }
}

extension Misfire {
  /// A year: longer than anybody would call on time.
  static let thresholds: ClosedRange<Span> = .zero ... .seconds(365 * 86_400)
  static let limits: ClosedRange<Int64> = 1...1_000

  init?(_ fields: ObjectReader) {
    self.init()
    policy = fields.optional("policy")?.choice(of: Policy.self) ?? policy
    threshold = fields.optional("threshold")?.span(in: Self.thresholds) ?? threshold
    guard let reader = fields.optional("limit") else { return }
    limit = reader.integer(in: Self.limits)
    if policy != .fireAll { reader.refuse(mustBe: "absent: it is for the policy fire-all") }
  }

  var json: JSONValue {
    var fields = JSONObject()
    fields["policy"] = .string(policy.rawValue)
    fields["threshold"] = .string("\(threshold)")
    fields["limit"] = policy == .fireAll ? .integer(limit) : nil as JSONValue?
    return .object(fields)
  }
}

extension Overlap {
  static let limits: ClosedRange<Int64> = 1...10_000
  static let queues: ClosedRange<Int64> = 1...100_000

  init?(_ fields: ObjectReader) {
    self.init(limit: fields.integer("limit", in: Self.limits))
    policy = fields.optional("policy")?.choice(of: Policy.self) ?? policy
    guard let reader = fields.optional("queue") else { return }
    queue = reader.integer(in: Self.queues)
    if policy != .queue { reader.refuse(mustBe: "absent: it is for the policy queue") }
  }

  var json: JSONValue {
    var fields = JSONObject()
    fields["limit"] = .integer(limit)
    fields["policy"] = .string(policy.rawValue)
    fields["queue"] = policy == .queue ? .integer(queue) : nil as JSONValue?
    return .object(fields)
  }
}
