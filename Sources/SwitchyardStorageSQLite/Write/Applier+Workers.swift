import SwitchyardModel

/// The writer's statements on workers, policies, servers.
struct OtherStatements {
  let begin: Statement
  let commit: Statement
  let findWorker: Statement
  let putWorker: Statement
  let judge: Statement
  let revision: Statement
  let putPolicy: Statement
  let epochs: Statement
  let setEpoch: Statement
  let fences: Statement
  let register: Statement
  let highestID: Statement
  let probe: Statement

  init(_ connection: Connection) throws(SQLiteFailure) {
    begin = try connection.prepare("BEGIN IMMEDIATE")
    commit = try connection.prepare("COMMIT")
    findWorker = try connection.prepare("SELECT incarnation, session, verdict FROM workers WHERE name = ?")
    putWorker = try connection.prepare(
      """
      INSERT INTO workers (name, incarnation, session, lineage, home, verdict, seen_at, profile)
      VALUES (?, ?, ?, ?, ?, NULL, ?, ?)
      ON CONFLICT (name) DO UPDATE SET incarnation = excluded.incarnation, session = excluded.session,
        lineage = excluded.lineage, home = excluded.home, verdict = NULL, seen_at = excluded.seen_at,
        profile = excluded.profile
      """)
    judge = try connection.prepare("UPDATE workers SET verdict = ?, seen_at = ? WHERE name = ?")
    revision = try connection.prepare("SELECT revision FROM policies WHERE app = ? ORDER BY revision DESC LIMIT 1")
    putPolicy = try connection.prepare("INSERT INTO policies (app, revision, policy, created_at) VALUES (?, ?, ?, ?)")
    epochs = try connection.prepare("SELECT number, epoch FROM shards")
    setEpoch = try connection.prepare(
      "INSERT INTO shards (number, epoch) VALUES (?, ?) ON CONFLICT (number) DO UPDATE SET epoch = excluded.epoch")
    fences = try connection.prepare("SELECT id, incarnation, expelled FROM server_fence")
    register = try connection.prepare(
      """
      INSERT INTO server_fence (id, incarnation) VALUES (?, ?)
      ON CONFLICT (id) DO UPDATE SET incarnation = excluded.incarnation, expelled = 0
      """)
    probe = try connection.prepare("UPDATE server_fence SET probes = probes + 1")
    highestID = try connection.prepare(
      "SELECT max(coalesce((SELECT max(id) FROM instances), 0), coalesce((SELECT max(id) FROM jobs), 0))")
  }
}

extension Applier {
  func putWorker(_ record: WorkerRecord) throws(SQLiteFailure) -> OpResult {
    if let stored = try findWorker(record.ref.name) {
      guard stored.session < record.session, stored.incarnation <= record.ref.incarnation,
        !stored.isJudged || stored.incarnation < record.ref.incarnation
      else { return .conflict }
    }
    let put = others.putWorker
    put.add(record.ref)
    put.add(record.session)
    put.add(record.lineage)
    put.add(record.home)
    put.add(record.seenAt)
    put.add(record.profile.stored.text)
    try put.run()
    return .applied
  }

  func judgeWorker(
    _ ref: WorkerRef, session: UInt64, verdict: Verdict, at: Timestamp
  ) throws(SQLiteFailure) -> OpResult {
    guard let stored = try findWorker(ref.name), ref.incarnation <= stored.incarnation else { return .conflict }
    if ref.incarnation < stored.incarnation || stored.isJudged { return .duplicate(nil) }
    guard stored.session <= session else { return .conflict }
    others.judge.add(verdict.rawValue)
    others.judge.add(at)
    others.judge.add(ref.name)
    try others.judge.run()
    return .applied
  }

  func putPolicy(_ revision: PolicyRevision) throws(SQLiteFailure) -> OpResult {
    others.revision.add(revision.app)
    let stored = try others.revision.first(UInt64.init(row:)) ?? 0
    guard stored < .max, revision.revision == stored + 1 else { return .conflict }
    others.putPolicy.add(revision.app)
    others.putPolicy.add(revision.revision)
    others.putPolicy.add(revision.policy.stored.text)
    others.putPolicy.add(revision.createdAt)
    try others.putPolicy.run()
    return .applied
  }

  private func findWorker(_ name: String) throws(SQLiteFailure) -> WorkerHead? {
    others.findWorker.add(name)
    return try others.findWorker.first(WorkerHead.init(row:))
  }
}

/// What guards look at.
private struct WorkerHead {
  var incarnation: UInt64
  var session: UInt64
  var isJudged: Bool

  init(row: inout Row) {
    incarnation = row.uint64()
    session = row.uint64()
    isJudged = row.optionalInt64() != nil
  }
}
