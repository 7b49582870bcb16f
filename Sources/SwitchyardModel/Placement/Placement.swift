/// What a lane is asked: where may this attempt run?
package struct PlacementRequest: Hashable, Sendable {
  package var instance: InstanceID
  package var job: JobID
  package var app: String
  /// The number that the attempt will have if it is placed.
  package var attempt: UInt32
  package var requirements: Requirements
  /// On the wall clock: since when it waits.
  package var waitingSince: Timestamp
  /// Names of workers of earlier attempts, latest first; at most 8.
  package var tried: [String]
  package init(
    instance: InstanceID, job: JobID, app: String, attempt: UInt32, requirements: Requirements,
    waitingSince: Timestamp, tried: [String] = []
  ) {
    self.instance = instance
    self.job = job
    self.app = app
    self.attempt = attempt
    self.requirements = requirements
    self.waitingSince = waitingSince
    self.tried = tried
  }
}

/// What of a job's definition matters to placement. Requests with equal requirements get equal answers
/// but for chance, so that one "nobody now" speaks for all of them.
package struct Requirements: Hashable, Sendable {
  package var processor: String
  package var slots: UInt32
  package var priority: Int32
  package var tags: [String]
  package var labels: [Label]
  package var site: String?
  package var key: String?

  package init(_ spec: JobSpec) {
    processor = spec.processor.type
    slots = spec.slots
    priority = spec.priority
    tags = spec.tags
    labels = spec.labels
    site = spec.site
    key = spec.key
  }
}

/// What a lane answers.
package enum PlacementAnswer: Hashable, Sendable {
  /// One credit per slot has been taken; it is given back by `NodeChange.released`.
  case worker(WorkerRef)
  /// Nobody fits now: asked again when the view changes.
  case nobody(reason: String)
  /// Nobody ever will: the instance fails with this reason.
  case never(reason: String)
  /// Asked again after this span.
  case later(Span)
}

/// What the servers tell their node tables. The core decides; the table only shows it to strategies.
package enum NodeChange: Hashable, Sendable {
  indirect case joined(WorkerRef, WorkerProfile, session: UInt64)
  case metrics(WorkerRef, WorkerMetrics)
  case draining(WorkerRef)
  /// The stream broke: nothing is placed there until it is back or judged.
  case suspended(WorkerRef)
  /// The stream is back. The row's slots are as they were: picks, `taken` and `released` alone count them, since a
  /// pick may be under way.
  case resumed(WorkerRef)
  /// Forgets the row and its credits; `released` of an unknown worker changes nothing.
  case left(WorkerRef)
  /// Slots taken without a lane's pick: attempts adopted after a restart.
  case taken(WorkerRef, slots: UInt32)
  /// An attempt ended there, or a placement came to nothing: once for each pick and each `taken`.
  case released(WorkerRef, slots: UInt32)
  /// For observers of strategies.
  case event(PlacementEvent)
}

/// What happened to an attempt, for strategies that observe.
package struct PlacementEvent: Hashable, Sendable {
  package enum Kind: UInt8, Sendable {
    case dispatched = 1, accepted, rejected, succeeded, failed, timedOut, stopped, lost
  }

  package var kind: Kind
  package var worker: WorkerRef
  package var instance: InstanceID
  package var job: JobID
  package var processor: String
  package var attempt: UInt32
  package var slots: UInt32
  /// `accepted`: since dispatched; an end: since accepted.
  package var took: Span
  package init(
    kind: Kind, worker: WorkerRef, instance: InstanceID, job: JobID, processor: String, attempt: UInt32,
    slots: UInt32, took: Span
  ) {
    self.kind = kind
    self.worker = worker
    self.instance = instance
    self.job = job
    self.processor = processor
    self.attempt = attempt
    self.slots = slots
    self.took = took
  }
}

/// What a worker is, fixed for an incarnation's session.
package struct WorkerProfile: Hashable, Sendable {
  /// How many slots a worker may have, on either side.
  package static let slotRange: ClosedRange<UInt32> = 1...65_536

  package var apps: [String]
  package var slots: UInt32
  package var tags: [String]
  package var labels: [Label]
  package var processors: [String]
  package var weight: Double
  package var site: String?
  package var rack: String?
  package var version: String
  package init(
    apps: [String], slots: UInt32, tags: [String] = [], labels: [Label] = [],
    processors: [String] = ["shell", "http", "noop"], weight: Double = 1, site: String? = nil,
    rack: String? = nil, version: String = ""
  ) {
    self.apps = apps
    self.slots = slots
    self.tags = tags
    self.labels = labels
    self.processors = processors
    self.weight = weight
    self.site = site
    self.rack = rack
    self.version = version
  }
}

/// What SystemMetrics strategies reported, as a delta: names that are absent keep their value.
package struct WorkerMetrics: Hashable, Sendable {
  package var numbers: [Number]
  package var texts: [Label]
  package var tags: [String]?
  package struct Number: Hashable, Sendable {
    package var name: String
    package var value: Double
    package init(name: String, value: Double) {
      self.name = name
      self.value = value
    }
  }

  package init(numbers: [Number] = [], texts: [Label] = [], tags: [String]? = nil) {
    self.numbers = numbers
    self.texts = texts
    self.tags = tags
  }

  package var isEmpty: Bool { numbers.isEmpty && texts.isEmpty && tags == nil }
}
