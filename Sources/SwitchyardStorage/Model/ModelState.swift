package import SwitchyardModel

/// The executable specification of a store: what every verb does, as a value without I/O.
///
/// It says by plain code what the SQL drivers must do, and random histories hold them against it. The
/// simulator uses it as its database, so it is deterministic (nothing iterates a hashed collection) and
/// serves each read of an owner from an index.
package struct ModelState: Sendable {
  /// Guards that the simulator takes away to prove that its checker would notice. Everybody else keeps
  /// all of them.
  package struct Guards: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Writes under another epoch than the shard's are fenced.
    package static let epoch = Guards(rawValue: 1)
    /// Dispatches and results must name the attempt (and results the worker) that the row has.
    package static let attempt = Guards(rawValue: 2)
    /// A run advances a fixed delay only while the job's chain stands at it.
    package static let chain = Guards(rawValue: 4)
    package static let all: Guards = [.epoch, .attempt, .chain]
  }

  package var guards: Guards = .all

  var servers: [TextKey: UInt64] = [:]
  var epochs: [Epoch] = Array(repeating: 0, count: Shard.count)
  var highestID: UInt64 = 0

  var jobs: [JobID: Job] = [:]
  var versions: [VersionKey: JobVersion] = [:]
  /// Jobs that are not deleted.
  var jobNames: [NameKey: JobID] = [:]
  var sortedNames = SortedKeys<NameKey>()
  var due: [SortedKeys<DueCursor>] = Array(repeating: SortedKeys(), count: Shard.count)

  var instances: [InstanceID: Instance] = [:]
  var instanceIDs = SortedKeys<InstanceID>()
  var occurrences: [OccurrenceKey: InstanceID] = [:]
  var waiting: [SortedKeys<RankCursor>] = Array(repeating: SortedKeys(), count: Shard.count)
  var queued: [SortedKeys<InstanceID>] = Array(repeating: SortedKeys(), count: Shard.count)
  var placed: [SortedKeys<InstanceID>] = Array(repeating: SortedKeys(), count: Shard.count)
  /// By raw value of the state.
  var counts: [Int] = Array(repeating: 0, count: 256)
  var history: [InstanceID: [PastAttempt]] = [:]

  var workerRecords: [TextKey: WorkerRecord] = [:]
  var workerNames = SortedKeys<TextKey>()
  var policyRevisions: [TextKey: [PolicyRevision]] = [:]
  var policyApps = SortedKeys<TextKey>()

  var tokenRecords: [TokenID: TokenRecord] = [:]
  var tokenIDs = SortedKeys<TokenID>()
  /// Oldest first.
  var auditRecords: [AuditRecord] = []
  var lastAuditNumber: UInt64 = 0

  package init() {}

  /// Registers this start of the server and raises the epoch of each shard, by which all that others have
  /// in flight for them is fenced. The same start may claim again.
  ///
  /// - Throws: `inUse` when a later start of the same server has registered.
  package mutating func claim(_ shards: [Shard], for server: ServerRef) throws(StoreError) -> Claim {
    let known = servers[TextKey(server.id)] ?? 0
    guard known <= server.incarnation else { throw .superseded(server, by: known) }
    servers[TextKey(server.id)] = server.incarnation
    let claims = shards.map { shard in
      epochs[Int(shard.number)] += 1
      return ShardClaim(shard: shard, epoch: epochs[Int(shard.number)])
    }
    return Claim(shards: claims, idFloor: highestID)
  }

  /// Applies the group as one commit: in order, each operation on what those before it left.
  package mutating func apply(_ group: CommitGroup) -> CommitOutcome {
    guard servers[TextKey(group.server.id)] == group.server.incarnation else { return .expelled }
    return .done(group.ops.map { apply($0) })
  }

  private mutating func apply(_ op: StoreOp) -> OpResult {
    guard isCurrent(op.authority) else { return .fenced }
    let result = perform(op)
    if result == .applied, let entry = op.audit { remember(entry) }
    return result
  }

  private mutating func perform(_ op: StoreOp) -> OpResult {
    switch op.verb {
    case .createJob(let job): createJob(job, by: op.authority)
    case .editJob(let job): editJob(job, by: op.authority)
    case .setJobState(let change): setJobState(change, by: op.authority)
    case .createInstance(let instance, let due): createInstance(instance, due, by: op.authority)
    case .dispatch(let dispatch): self.dispatch(dispatch, by: op.authority)
    case .finish(let finish): self.finish(finish, by: op.authority)
    case .settle(let settlement): settle(settlement, by: op.authority)
    case .requestStop(let id, let attempt): requestStop(id, attempt: attempt, by: op.authority)
    case .putWorker(let record): putWorker(record)
    case .judgeWorker(let ref, let session, let verdict, let at):
      judgeWorker(ref, session: session, verdict: verdict, at: at)
    case .putPolicy(let revision): putPolicy(revision)
    case .purgeInstances(let ids, let time): purgeInstances(ids, endedBefore: time)
    case .purgeJob(let job, let time): purgeJob(job, unchangedSince: time)
    case .purgeWorker(let name, let time): purgeWorker(name, judgedBefore: time)
    case .access(let op): access(op)
    }
  }

  // MARK: Authority

  private func isCurrent(_ authority: StoreOp.Authority) -> Bool {
    switch authority {
    case .server: true
    case .shard(let shard, let epoch): !guards.contains(.epoch) || epochs[Int(shard.number)] == epoch
    }
  }
}

extension StoreOp.Authority {
  /// Jobs and instances are written by the owner of their shard alone.
  package func owns(_ shard: Shard) -> Bool {
    if case .shard(shard, _) = self { true } else { false }
  }
}

extension StoreError {
  package static func superseded(_ server: ServerRef, by incarnation: UInt64) -> StoreError {
    StoreError(
      .inUse,
      "server \(server.id) has been started again as incarnation \(incarnation) after this one "
        + "(\(server.incarnation)); end this process, or give the servers different ids")
  }
}

/// `(app, name)`, in the order in which jobs are listed.
struct NameKey: Hashable, Comparable, Sendable {
  let app: TextKey
  let name: TextKey
  init(_ app: String, _ name: String) {
    self.app = TextKey(app)
    self.name = TextKey(name)
  }

  static func < (a: NameKey, b: NameKey) -> Bool { a.app == b.app ? a.name < b.name : a.app < b.app }
}

struct VersionKey: Hashable, Sendable {
  let job: JobID
  let number: UInt32
}

struct OccurrenceKey: Hashable, Sendable {
  let job: JobID
  let occurrence: TextKey
  init(_ instance: Instance) {
    job = instance.job
    occurrence = TextKey(instance.occurrence.text)
  }
}

extension DueCursor: Comparable {
  package static func < (a: DueCursor, b: DueCursor) -> Bool {
    a.nextFire == b.nextFire ? a.job < b.job : a.nextFire < b.nextFire
  }
}

extension RankCursor: Comparable {
  package static func < (a: RankCursor, b: RankCursor) -> Bool {
    a.rank == b.rank ? a.instance < b.instance : a.rank < b.rank
  }
}
