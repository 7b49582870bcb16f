import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage

/// Watches the world from outside and knows the truth: what runs on which machine, what is durable, what
/// users were promised. It shares no logic with the machines; each rule here is one of their promises.
struct Checker {
  private(set) var violation: Violation?
  /// What the server's wall clock shows, and the latest that it ever showed.
  private(set) var serverWall: Int64 = 0
  private(set) var latestWall: Int64 = 0

  /// An instance as the applied operations made it.
  struct Row {
    let job: JobID
    let shard: Shard
    /// Of a version of the job that has a limit.
    let isLimited: Bool
    let occurrence: Occurrence
    var state: InstanceState
    var attempt: UInt32
    var worker: WorkerRef?
    /// How often an attempt of it really began.
    var starts = 0
  }

  struct Running {
    let ref: AttemptRef
    let worker: WorkerRef
    let slots: UInt32
    let diesWithLease: Bool
    /// Its machine stood still: nobody could end it in time.
    var isUnfenced = false

    /// Nothing else of its instance may run beside it.
    var isExclusive: Bool { diesWithLease && !isUnfenced }
  }

  struct VersionKey: Hashable {
    let job: JobID
    let version: UInt32
  }

  struct OccurrenceKey: Hashable {
    let job: JobID
    let text: String
  }

  var rows: [InstanceID: Row] = [:]
  var occurrences: [OccurrenceKey: InstanceID] = [:]
  /// Those that are not over, in order.
  var active: [InstanceID] = []
  var jobs: [JobID: JobMirror] = [:]
  var jobOrder: [JobID] = []
  /// Versions of jobs that have a limit.
  var limitedVersions: Set<VersionKey> = []
  /// Behind the server's back: it finds out when it has to do with them.
  private(set) var endedByHand: Set<InstanceID> = []
  /// Those of them that a chain stood at when the server changed: a later owner cannot know of them.
  private(set) var chainsLost: Set<InstanceID> = []
  /// For the server they are enabled, until it reads them again.
  var pausedByHand: Set<JobID> = []
  /// Who claimed last.
  var owner: ServerRef?
  /// The newest of each shard.
  var epochs = [Epoch](repeating: 0, count: Shard.count)
  var dispatches: [AttemptRef: WorkerRef] = [:]

  // The truth about processes.
  var running: [Running] = []
  var started: Set<AttemptRef> = []
  var ends: [AttemptRef: AttemptOutcome] = [:]
  /// Incarnations that are over in truth: they left or began anew, or were judged.
  var over: Set<WorkerRef> = []
  /// Their clocks stood still: they do not know what is over.
  var timeless: Set<WorkerRef> = []
  /// Those of which this is durable.
  var judged: Set<WorkerRef> = []
  /// The newest incarnation of each worker, as stored.
  var incarnations: [String: UInt64] = [:]
  /// Since when, and when last, the store refused commits, which are sent again.
  private(set) var refusals: (began: Int64, last: Int64)?

  var keys: [OccurrenceKey: InstanceID] = [:]
  var touched: [InstanceID] = []
  /// Durable transitions, by the operation that made them; nil where nobody asks.
  var coverage: Coverage?

  var instanceCount: Int { rows.count }

  mutating func fail(_ promise: String, _ detail: @autoclosure () -> String, _ now: Int64) {
    guard violation == nil else { return }
    violation = Violation(promise: promise, detail: detail(), at: Double(now) / Double(second))
  }

  mutating func require(_ holds: Bool, _ promise: String, _ detail: @autoclosure () -> String, _ now: Int64) {
    if !holds { fail(promise, detail(), now) }
  }

  mutating func serverShows(_ wall: Timestamp) {
    serverWall = wall.nanoseconds
    latestWall = max(latestWall, serverWall)
  }

  mutating func refused(_ now: Int64) {
    let began = refusals.flatMap { $0.last + JobMirror.limitGrace > now ? $0.began : nil }
    refusals = (began ?? now, now)
  }

  // MARK: For users and faults that need a victim

  func randomActive(_ random: inout SeededRandom) -> InstanceID? { random.pick(active) }
  func anyHeld() -> InstanceID? { active.first { rows[$0]?.state == .held } }

  // MARK: Claims

  mutating func claimed(_ claim: Claim, by server: ServerRef, _ now: Int64) {
    owner = server
    chainsLost.formUnion(endedByHand.filter(isAtChain))
    pausedByHand = []
    for claim in claim.shards {
      let old = epochs[Int(claim.shard.number)]
      require(claim.epoch > old, "epochs grow", "shard \(claim.shard.number): \(old) → \(claim.epoch)", now)
      epochs[Int(claim.shard.number)] = claim.epoch
    }
  }

  // MARK: What somebody does behind the server's back

  mutating func ended(byHand id: InstanceID) { endedByHand.insert(id) }
  mutating func paused(byHand id: JobID) { pausedByHand.insert(id) }

  /// Whether a fixed delay stands there.
  private func isAtChain(_ id: InstanceID) -> Bool {
    guard let row = rows[id], let job = jobs[row.job] else { return false }
    return job.chain == id && job.nextFire == nil
  }

  // MARK: Promises to users

  mutating func promisedInstance(
    _ id: InstanceID, key: String?, job: JobID, duplicate: Bool, store: ModelState, _ now: Int64
  ) {
    require(store.instance(id) != nil, "an acknowledged submission is durable", "\(id)", now)
    guard let key else { return }
    let mine = OccurrenceKey(job: job, text: key)
    if let before = keys[mine] {
      require(before == id, "a key means one instance", "\(key): \(before) and \(id)", now)
      require(duplicate, "a repeated key is told to be one", key, now)
    }
    keys[mine] = id
  }

  mutating func promisedJob(_ job: Job, store: ModelState, _ now: Int64) {
    let known = store.definition(job: job.id, version: job.version) != nil
    require(known, "an acknowledged job is durable", "\(job.spec.name) version \(job.version)", now)
  }

  mutating func promisedPolicy(_ revision: PolicyRevision, _ number: UInt64, store: ModelState, _ now: Int64) {
    let stored = store.policy(app: revision.app, revision: number)
    require(stored == revision, "an acknowledged policy is durable", "revision \(number)", now)
  }

  mutating func creditsBelowZero(_ worker: WorkerRef, _ credits: Int64, _ now: Int64) {
    fail("credits never go below zero", "\(worker): \(credits)", now)
  }
}
