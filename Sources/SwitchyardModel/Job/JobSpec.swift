/// What a user writes: schedule, processor, limits. JSON and YAML spell the fields as they are named here.
package struct JobSpec: Hashable, Sendable {
  /// Unique within the app; `[a-z0-9._-]`, 1 to 128 characters, begins with a letter or digit.
  package var name: String
  package var schedule: Schedule
  /// IANA name of the zone in which a cron schedule is read.
  package var timeZone: String
  /// No due time is before this.
  package var startsAt: Timestamp?
  /// No due time is at this or later.
  package var endsAt: Timestamp?
  /// An instance of a due time starts up to so much later, each by a share of its own, so that jobs that are due
  /// together do not start together.
  package var jitter: Span
  package var misfire: Misfire
  /// Nil: without limit.
  package var overlap: Overlap?
  package var processor: Processor
  package var retry: RetryPolicy
  /// How long one attempt may run; nil: without limit.
  package var timeout: Span?
  /// Between TERM and KILL when an attempt is stopped or timed out.
  package var grace: Span
  /// Slots of a worker that an attempt takes, at least 1.
  package var slots: UInt32
  /// -100...100, higher first.
  package var priority: Int32
  /// A worker must bear each of these. Sorted, unique.
  package var tags: [String]
  /// What strategies read, as `gpu.model: H200`. Sorted by key, keys unique.
  package var labels: [Label]
  /// The site that is wished for.
  package var site: String?
  /// Affinity: instances with equal keys tend to the same worker, under a strategy that cares.
  package var key: String?
  package var onLost: OnLost
  package var whenIsolated: WhenIsolated
  /// JSON text handed to the processor when a run brings none of its own.
  package var parameters: String?

  package init(
    name: String, schedule: Schedule = .api, timeZone: String = "UTC", startsAt: Timestamp? = nil,
    endsAt: Timestamp? = nil, jitter: Span = .zero, misfire: Misfire = Misfire(), overlap: Overlap? = nil,
    processor: Processor,
    retry: RetryPolicy = RetryPolicy(), timeout: Span? = nil, grace: Span = .seconds(5), slots: UInt32 = 1,
    priority: Int32 = 0, tags: [String] = [], labels: [Label] = [], site: String? = nil, key: String? = nil,
    onLost: OnLost = .retry, whenIsolated: WhenIsolated = .kill, parameters: String? = nil
  ) {
    self.name = name
    self.schedule = schedule
    self.timeZone = timeZone
    self.startsAt = startsAt
    self.endsAt = endsAt
    self.jitter = jitter
    self.misfire = misfire
    self.overlap = overlap
    self.processor = processor
    self.retry = retry
    self.timeout = timeout
    self.grace = grace
    self.slots = slots
    self.priority = priority
    self.tags = tags
    self.labels = labels
    self.site = site
    self.key = key
    self.onLost = onLost
    self.whenIsolated = whenIsolated
    self.parameters = parameters
  }
}

package struct Label: Hashable, Sendable {
  package var key: String
  package var text: String
  package init(key: String, text: String) {
    self.key = key
    self.text = text
  }
}

/// What an attempt does. The core and the store never look inside.
package enum Processor: Hashable, Sendable {
  case shell(ShellCommand)
  case http(HTTPCall)
  /// Succeeds at once, or after `duration`; for tests, benchmarks and dry runs.
  case noop(duration: Span)

  /// The name by which workers say which processors they allow.
  package var type: String {
    switch self {
    case .shell: "shell"
    case .http: "http"
    case .noop: "noop"
    }
  }
}

package struct ShellCommand: Hashable, Sendable {
  /// Program and arguments. A command given as one string is `["/bin/sh", "-c", command]`.
  package var arguments: [String]
  package var environment: [Label]
  package var directory: String?
  package init(arguments: [String], environment: [Label] = [], directory: String? = nil) {
    self.arguments = arguments
    self.environment = environment
    self.directory = directory
  }
}

package struct HTTPCall: Hashable, Sendable {
  package var url: String
  package var method: String
  package var headers: [Label]
  package var body: String?
  /// Status codes that count as success, as inclusive ranges.
  package var expect: [ClosedRange<UInt16>]
  package init(
    url: String, method: String = "GET", headers: [Label] = [], body: String? = nil,
    expect: [ClosedRange<UInt16>] = [200...299]
  ) {
    self.url = url
    self.method = method
    self.headers = headers
    self.body = body
    self.expect = expect
  }
}

/// What becomes of an instance whose worker is lost.
package enum OnLost: String, CaseIterable, Sendable {
  /// Runs again elsewhere: at least once. What was lost so often in a row that it may itself be the cause ends as lost.
  case retry
  /// Ends as `lost`: at most once, together with a retry limit of 0.
  case fail
  /// Waits, held, until an operator decides.
  case hold
}

/// What a worker does with a running attempt when its lease ends.
package enum WhenIsolated: String, CaseIterable, Sendable {
  case kill
  case `continue`
}
