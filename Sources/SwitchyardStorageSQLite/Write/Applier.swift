import SwitchyardModel
import SwitchyardStorage

/// Carries out operations inside the writer's transaction: ``ModelState`` in SQL.
///
/// The common verbs are one guarded statement each; only when that changed nothing is the row looked at,
/// to tell why.
final class Applier {
  let connection: Connection
  let jobs: JobStatements
  let instances: InstanceStatements
  let others: OtherStatements
  let purging: PurgeStatements
  let definitions: DefinitionCache
  let accesses: AccessStatements
  /// As committed. This process alone may write, so that memory is as good as the table.
  private(set) var epochs: [Epoch]
  private(set) var fence: Fence

  struct Fence {
    var incarnation: [TextKey: UInt64] = [:]
    var expelled: Set<TextKey> = []
  }

  init(_ connection: Connection, definitions: DefinitionCache) throws(SQLiteFailure) {
    self.connection = connection
    self.definitions = definitions
    jobs = try JobStatements(connection)
    instances = try InstanceStatements(connection)
    others = try OtherStatements(connection)
    purging = try PurgeStatements(connection)
    accesses = try AccessStatements(connection)
    epochs = Array(repeating: 0, count: Shard.count)
    fence = Fence()
    try reload()
  }

  /// Reads fence and epochs as they are committed.
  func reload() throws(SQLiteFailure) {
    epochs = Array(repeating: 0, count: Shard.count)
    for claim in try others.epochs.all(ShardClaim.init(row:)) { epochs[Int(claim.shard.number)] = claim.epoch }
    fence = Fence()
    for entry in try others.fences.all(FenceEntry.init(row:)) {
      fence.incarnation[TextKey(entry.id)] = entry.incarnation
      if entry.isExpelled { fence.expelled.insert(TextKey(entry.id)) }
    }
  }

  func admits(_ server: ServerRef) -> Bool {
    let id = TextKey(server.id)
    return fence.incarnation[id] == server.incarnation && !fence.expelled.contains(id)
  }

  /// The incarnation that bars this start of the server from registering: a later one, or itself when it
  /// was expelled.
  func bar(to server: ServerRef) -> UInt64? {
    let id = TextKey(server.id)
    guard let known = fence.incarnation[id] else { return nil }
    return known > server.incarnation || (known == server.incarnation && fence.expelled.contains(id)) ? known : nil
  }

  /// Raises the epochs in the open transaction; `reload` follows its commit.
  func claim(_ shards: [Shard], for server: ServerRef) throws(SQLiteFailure) -> Claim {
    others.register.add(server.id)
    others.register.add(server.incarnation)
    try others.register.run()
    var raised = epochs
    var claims: [ShardClaim] = []
    for shard in shards {
      raised[Int(shard.number)] += 1
      claims.append(ShardClaim(shard: shard, epoch: raised[Int(shard.number)]))
      others.setEpoch.add(shard)
      others.setEpoch.add(raised[Int(shard.number)])
      try others.setEpoch.run()
    }
    let floor = try highestID()
    return Claim(shards: claims, idFloor: floor)
  }

  /// The highest identity of a job or an instance.
  func highestID() throws(SQLiteFailure) -> UInt64 { try others.highestID.first(UInt64.init(row:)) ?? 0 }

  func apply(_ op: StoreOp) throws(SQLiteFailure) -> OpResult {
    guard isCurrent(op.authority) else { return .fenced }
    let result = try perform(op)
    if result == .applied, let entry = op.audit { try remember(entry) }
    return result
  }

  private func perform(_ op: StoreOp) throws(SQLiteFailure) -> OpResult {
    switch op.verb {
    case .createJob(let job): return try createJob(job, by: op.authority)
    case .editJob(let job): return try editJob(job, by: op.authority)
    case .setJobState(let change): return try setJobState(change, by: op.authority)
    case .createInstance(let instance, let due):
      return try createInstance(instance, due, dispatch: nil, by: op.authority)
    case .dispatch(let dispatch): return try self.dispatch(dispatch, by: op.authority)
    case .finish(let finish): return try self.finish(finish, by: op.authority)
    case .settle(let settlement): return try settle(settlement, by: op.authority)
    case .requestStop(let id, let attempt): return try requestStop(id, attempt: attempt, by: op.authority)
    case .putWorker(let record): return try putWorker(record)
    case .judgeWorker(let ref, let session, let verdict, let at):
      return try judgeWorker(ref, session: session, verdict: verdict, at: at)
    case .putPolicy(let revision): return try putPolicy(revision)
    case .purgeInstances(let ids, let time): return try purgeInstances(ids, endedBefore: time)
    case .purgeJob(let job, let time): return try purgeJob(job, unchangedSince: time)
    case .purgeWorker(let name, let time): return try purgeWorker(name, judgedBefore: time)
    case .access(let op): return try access(op)
    }
  }

  /// The creation of an instance and its dispatch right after it, as one insertion; nil when the pair is
  /// nothing of the kind, or when the instance is not inserted.
  func applyPair(_ first: StoreOp, _ second: StoreOp) throws(SQLiteFailure) -> OpResult? {
    guard case .createInstance(let instance, let due) = first.verb, case .dispatch(let dispatch) = second.verb,
      dispatch.instance == instance.id, dispatch.expectedAttempt == instance.attempt, instance.attempt < .max,
      instance.state == .waiting, first.authority == second.authority, isCurrent(first.authority),
      first.audit == nil, second.audit == nil
    else { return nil }
    return try createInstance(instance, due, dispatch: dispatch, by: first.authority)
  }

  private func isCurrent(_ authority: StoreOp.Authority) -> Bool {
    switch authority {
    case .server: true
    case .shard(let shard, let epoch): epochs[Int(shard.number)] == epoch
    }
  }
}

private struct FenceEntry {
  var id: String
  var incarnation: UInt64
  var isExpelled: Bool

  init(row: inout Row) {
    id = row.text()
    incarnation = row.uint64()
    isExpelled = row.int64() != 0
  }
}

extension ShardClaim {
  fileprivate init(row: inout Row) { self.init(shard: row.shard(), epoch: row.uint64()) }
}
