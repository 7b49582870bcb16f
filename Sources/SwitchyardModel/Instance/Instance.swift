/// One firing of a job, as the store holds it.
package struct Instance: Hashable, Sendable {
  package var id: InstanceID
  package var job: JobID
  package var jobVersion: UInt32
  package var app: String
  package var shard: Shard
  package var occurrence: Occurrence
  package var state: InstanceState
  /// Grows with every placement: the fencing token.
  package var attempt: UInt32
  /// Grows only with outcomes that the retry policy counts.
  package var tries: UInt32
  package var priority: Int32
  /// Not placed before this.
  package var readyAt: Timestamp
  /// The nominal due time, or the time of submission.
  package var dueAt: Timestamp
  package var createdAt: Timestamp
  /// Of the current or last attempt.
  package var worker: WorkerRef?
  package var dispatchedAt: Timestamp?
  package var startedAt: Timestamp?
  package var endedAt: Timestamp?
  /// JSON text of this run, or nil for the job's own.
  package var parameters: String?
  /// JSON text or output that the processor handed back; bounded.
  package var result: String?
  /// Why it is in this state, for people: "exit code 3", "misfire: 12 due times …".
  package var detail: String?

  package init(
    id: InstanceID, job: JobID, jobVersion: UInt32, app: String, shard: Shard, occurrence: Occurrence,
    state: InstanceState = .waiting, attempt: UInt32 = 0, tries: UInt32 = 0, priority: Int32 = 0,
    readyAt: Timestamp, dueAt: Timestamp, createdAt: Timestamp, worker: WorkerRef? = nil,
    dispatchedAt: Timestamp? = nil, startedAt: Timestamp? = nil, endedAt: Timestamp? = nil,
    parameters: String? = nil, result: String? = nil, detail: String? = nil
  ) {
    self.id = id
    self.job = job
    self.jobVersion = jobVersion
    self.app = app
    self.shard = shard
    self.occurrence = occurrence
    self.state = state
    self.attempt = attempt
    self.tries = tries
    self.priority = priority
    self.readyAt = readyAt
    self.dueAt = dueAt
    self.createdAt = createdAt
    self.worker = worker
    self.dispatchedAt = dispatchedAt
    self.startedAt = startedAt
    self.endedAt = endedAt
    self.parameters = parameters
    self.result = result
    self.detail = detail
  }

  /// The order of waiting instances, lower first. Aging is a static key, so that an index serves it: one
  /// point of priority is worth ten seconds of waiting.
  package var rank: Int64 { Self.rank(readyAt: readyAt, priority: priority) }

  package static func rank(readyAt: Timestamp, priority: Int32) -> Int64 {
    (readyAt - Span.seconds(10) * Int64(priority)).nanoseconds
  }
}

/// One start of one worker. The same name started again is another member.
package struct WorkerRef: Hashable, Sendable, CustomStringConvertible {
  package var name: String
  /// Number of the start, grows with each.
  package var incarnation: UInt64
  package init(name: String, incarnation: UInt64) {
    self.name = name
    self.incarnation = incarnation
  }

  package var description: String { "\(name)#\(incarnation)" }
}

/// An attempt that is over and was followed by another, kept for the history of its instance.
package struct PastAttempt: Hashable, Sendable {
  package var number: UInt32
  package var worker: WorkerRef
  package var dispatchedAt: Timestamp
  package var startedAt: Timestamp?
  package var endedAt: Timestamp
  package var outcome: AttemptOutcome
  package var detail: String?
  package init(
    number: UInt32, worker: WorkerRef, dispatchedAt: Timestamp, startedAt: Timestamp?, endedAt: Timestamp,
    outcome: AttemptOutcome, detail: String?
  ) {
    self.number = number
    self.worker = worker
    self.dispatchedAt = dispatchedAt
    self.startedAt = startedAt
    self.endedAt = endedAt
    self.outcome = outcome
    self.detail = detail
  }
}

/// How one attempt ended. `rejected` (the worker would not take it) and `superseded` (it never arrived)
/// do not count as tries.
package enum AttemptOutcome: UInt8, CaseIterable, Sendable {
  case succeeded = 0
  case failed = 1
  case timedOut = 2
  case stopped = 3
  case lost = 4
  case rejected = 5
  case superseded = 6
  /// Killed by its own worker because that had lost its server; nothing of it runs.
  case isolated = 7

  /// Whether the retry policy counts it.
  package var countsAsTry: Bool { self == .failed || self == .timedOut }

  /// The word in the API, spelled as states are.
  package var name: String {
    switch self {
    case .succeeded: "succeeded"
    case .failed: "failed"
    case .timedOut: "timed-out"
    case .stopped: "stopped"
    case .lost: "lost"
    case .rejected: "rejected"
    case .superseded: "superseded"
    case .isolated: "isolated"
    }
  }
}
