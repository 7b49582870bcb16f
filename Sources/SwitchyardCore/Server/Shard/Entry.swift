import SwitchyardModel

/// An instance that is not over, as its shard holds it in memory.
///
/// ```
/// fresh ─► creating ─┬─► waiting ─► dispatching ─┐
///                    └──────────────────────────►├─► placed ─► finishing ─► waiting, held, or forgotten
///     waiting, held ─► settling                  └── requestingStop ◄─► placed
/// ```
///
/// The stages that end in "-ing" have one operation in flight; what comes meanwhile is deferred. `instance`
/// shows what is known to be durable; only a fresh or creating one is not in the store.
struct Entry: Sendable {
  enum Stage: UInt8, Sendable {
    case fresh, creating, waiting, dispatching, settling, placed, requestingStop, finishing, held
    /// The store did not agree; the row is being read again.
    case rereading

    var isBusy: Bool {
      switch self {
      case .fresh, .waiting, .placed, .held: false
      case .creating, .dispatching, .settling, .requestingStop, .finishing, .rereading: true
      }
    }
  }

  var instance: Instance
  let definition: JobVersion
  var stage: Stage
  /// The worker that a dispatch in flight binds it to; its credit is taken.
  var target: WorkerRef?
  /// Who asked for it and has no answer yet.
  var submitter: Asker?
  /// The due time that it is created for.
  var birth: DueGuard?
  /// Known to its worker's machine, its credit taken.
  var isPlaced = false
  /// Counted by the gate of its job, which has a limit.
  var isAdmitted = false
  /// Is ended so that a newer one can take its place.
  var isLeaving = false
  /// Counted among those that wait in memory.
  var isInWindow = false
  /// Waits for this time before it is asked for.
  var wakeAt: Timestamp?
  /// Nobody will ever take it.
  var hopeless: String?
  var deferred: [Deferral] = []
  /// Workers of earlier attempts, latest first.
  var tried: [String] = []
  var rejections: UInt8 = 0
  /// How many attempts in a row were lost with their workers.
  var losses: UInt8 = 0
  /// A worker waits for the acknowledgement of the result that is in flight.
  var owesAck = false
  var dispatchedAt = BootTime(nanoseconds: 0)
  var acceptedAt: BootTime?

  init(_ instance: Instance, _ definition: JobVersion, stage: Stage) {
    self.instance = instance
    self.definition = definition
    self.stage = stage
  }

  var id: InstanceID { instance.id }
  var slots: UInt32 { max(1, definition.spec.slots) }
  var attempt: AttemptRef { AttemptRef(instance: instance.id, attempt: instance.attempt) }

  /// It carries the chain of a fixed delay, if the chain still stands at it.
  var delay: Span? {
    guard case .fixedDelay(let delay) = definition.spec.schedule, instance.shard == Shard(of: instance.job)
    else { return nil }
    return delay
  }
}

/// What waits until the operation in flight has its outcome, or until the row has been read.
enum Deferral: Sendable {
  case result(AttemptResult, WorkerRef)
  case lost(Loss, WorkerRef)
  /// Nil: nobody asks, a newer instance takes its place.
  case end(Token?)
  case release(Token?)
  /// A fixed-delay job wants to know whether this instance, which its chain stands at, is over.
  case chain(JobID)
}

/// A job that is due soon, or whose chain is under way.
struct DueJob: Sendable {
  var job: Job
  let version: JobVersion
  /// An operation of it is in flight.
  var isBusy = false

  init(_ job: Job) {
    self.job = job
    version = JobVersion(job)
  }
}

/// An entry of a timetable. It may be outdated: what it points to says whether it holds.
struct Mark<ID: Identifier>: Comparable, Sendable {
  var time: Timestamp
  var id: ID

  static func < (a: Self, b: Self) -> Bool { a.time != b.time ? a.time < b.time : a.id < b.id }
}
