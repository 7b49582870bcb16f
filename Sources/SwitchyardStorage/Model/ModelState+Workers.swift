import SwitchyardModel

extension ModelState {
  mutating func putWorker(_ record: WorkerRecord) -> OpResult {
    let name = TextKey(record.ref.name)
    if let stored = workerRecords[name] {
      guard stored.session < record.session, stored.ref.incarnation <= record.ref.incarnation,
        stored.verdict == nil || stored.ref.incarnation < record.ref.incarnation
      else { return .conflict }
    }
    var record = record
    record.verdict = nil
    workerRecords[name] = record
    workerNames.insert(name)
    return .applied
  }

  mutating func judgeWorker(_ ref: WorkerRef, session: UInt64, verdict: Verdict, at: Timestamp) -> OpResult {
    let name = TextKey(ref.name)
    guard var record = workerRecords[name], ref.incarnation <= record.ref.incarnation else { return .conflict }
    // An incarnation that another one followed cannot come back: it is over already.
    if ref.incarnation < record.ref.incarnation || record.verdict != nil { return .duplicate(nil) }
    guard record.session <= session else { return .conflict }
    record.verdict = verdict
    record.seenAt = at
    workerRecords[name] = record
    return .applied
  }

  mutating func putPolicy(_ revision: PolicyRevision) -> OpResult {
    let app = TextKey(revision.app)
    let stored = policyRevisions[app]?.last?.revision ?? 0
    guard stored < .max, revision.revision == stored + 1 else { return .conflict }
    policyRevisions[app, default: []].append(revision)
    policyApps.insert(app)
    return .applied
  }
}
