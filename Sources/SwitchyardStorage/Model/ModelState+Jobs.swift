import SwitchyardModel

extension ModelState {
  mutating func createJob(_ job: Job, by authority: StoreOp.Authority) -> OpResult {
    guard authority.owns(job.shard) else { return .fenced }
    guard job.isStorable, job.version == 1, job.state != .deleted else { return .conflict }
    if let existing = jobNames[NameKey(job.app, job.spec.name)] { return .duplicate(existing.rawValue) }
    guard jobs[job.id] == nil else { return .conflict }
    put(job)
    addVersion(of: job)
    highestID = max(highestID, job.id.rawValue)
    return .applied
  }

  mutating func editJob(_ job: Job, by authority: StoreOp.Authority) -> OpResult {
    guard authority.owns(job.shard) else { return .fenced }
    guard let stored = jobs[job.id], stored.state != .deleted, job.state != .deleted,
      stored.version < .max, job.version == stored.version + 1,
      NameKey(job.app, job.spec.name) == NameKey(stored.app, stored.spec.name)
    else { return .conflict }
    var next = job
    next.createdAt = stored.createdAt
    put(next)
    addVersion(of: next)
    return .applied
  }

  mutating func setJobState(_ change: JobStateChange, by authority: StoreOp.Authority) -> OpResult {
    guard authority.owns(Shard(of: change.job)) else { return .fenced }
    guard var job = jobs[change.job], job.version == change.version else { return .conflict }
    if job.state == .deleted { return change.state == .deleted ? .duplicate(nil) : .conflict }
    job.state = change.state
    job.nextFire = change.state == .deleted ? nil : change.nextFire
    job.updatedAt = change.at
    put(job)
    return .applied
  }

  /// Whether one of the job's due times may fire under the guard.
  func holds(_ due: DueGuard, of job: Job) -> Bool {
    job.state == .enabled && job.version == due.jobVersion && job.nextFire == due.expectedNextFire
  }

  mutating func advance(_ job: Job, nextFire: Timestamp?, chain: InstanceID?) {
    var job = job
    job.nextFire = nextFire
    job.chain = chain
    put(job)
  }

  mutating func advance(_ chain: ChainAdvance?, by authority: StoreOp.Authority) {
    guard let chain, let job = jobs[chain.job], authority.owns(job.shard), job.state == .enabled,
      !guards.contains(.chain) || job.chain == chain.predecessor
    else { return }
    advance(job, nextFire: chain.nextFire, chain: chain.predecessor)
  }

  private mutating func addVersion(of job: Job) {
    versions[VersionKey(job: job.id, number: job.version)] = JobVersion(job)
  }

  /// Stores the row and keeps the indexes in step with it.
  private mutating func put(_ job: Job) {
    let shard = Int(job.shard.number)
    let old = jobs[job.id]
    if old?.dueKey != job.dueKey {
      if let key = old?.dueKey { due[shard].remove(key) }
      if let key = job.dueKey { due[shard].insert(key) }
    }
    if old == nil || job.state == .deleted {
      let name = NameKey(job.app, job.spec.name)
      jobNames[name] = job.state == .deleted ? nil : job.id
      if job.state == .deleted { sortedNames.remove(name) } else { sortedNames.insert(name) }
    }
    jobs[job.id] = job
  }
}

extension Job {
  /// Its place among the due jobs of its shard.
  var dueKey: DueCursor? {
    guard state == .enabled, let nextFire else { return nil }
    return DueCursor(nextFire: nextFire, job: id)
  }

  /// Databases know signed integers only; made identities have 63 bits.
  package var isStorable: Bool { id.rawValue <= Int64.max }
}
