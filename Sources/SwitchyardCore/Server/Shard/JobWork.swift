import SwitchyardModel

/// One thing to be done to a job. The first of a job's queue is the one under way.
struct JobWork: Sendable {
  enum Kind: Sendable {
    case create(Job)
    case edit(JobSpec, existing: UInt32)
    case set(JobState)
    /// The instance that the chain stands at is over, and its end may not have set a due time.
    case mendChain(InstanceID)
    /// The due time of a fixed delay lies outside of the job's life, which was changed while its run was under way.
    case keepToLife
    /// What is in memory is not what is stored.
    case refresh
  }

  var kind: Kind
  var token: Token?
  var hasBegun = false
  /// The row is being read for it. (Others read the row of a job as well, for its limit.)
  var awaitsRow = false
  /// Whether the run that a fixed delay stands at is over, where that had to be looked at; see `chained`.
  var chainIsOver: Bool?

  /// What the job will be, if it is an edit that has begun and is stored.
  var edit: JobSpec? {
    if hasBegun, case .edit(let spec, _) = kind { spec } else { nil }
  }
}

extension Job {
  /// The first due time of a schedule that begins now.
  func firstDue(at now: Timestamp, zone: TimeZoneRules) -> Timestamp? {
    guard state == .enabled else { return nil }
    return spec.nextDue(after: now - .nanoseconds(1), anchor: anchor, zone: zone)
  }

  /// The next version of it.
  func edited(_ spec: JobSpec, at now: Timestamp, zone: TimeZoneRules) -> Job {
    var job = self
    job.version += 1
    job.spec = spec
    job.updatedAt = now
    let old = self.spec
    guard spec.schedule != old.schedule || spec.timeZone != old.timeZone || spec.startsAt != old.startsAt else {
      // The same due times; only the end of them may have moved.
      if let nextFire { job.nextFire = spec.isOver(at: nextFire) ? nil : nextFire }
      if nextFire == nil, chain == nil, spec.endsAt != old.endsAt { job.nextFire = job.firstDue(at: now, zone: zone) }
      return job
    }
    job.anchor = spec.anchor(at: now)
    if case .fixedDelay = spec.schedule, case .fixedDelay = old.schedule, chain != nil {
      // A run that is under way sets the due time when it ends; one that has been set is counted anew.
      if nextFire != nil { job.nextFire = job.firstDue(at: now, zone: zone) }
      return job
    }
    job.chain = nil
    job.nextFire = job.firstDue(at: now, zone: zone)
    return job
  }

  /// The due time that it gets when it is paused, resumed or deleted.
  func nextFire(in state: JobState, at now: Timestamp, zone: TimeZoneRules) -> Timestamp? {
    guard state == .enabled else { return nil }
    guard self.state != .enabled else { return nextFire }
    if case .fixedDelay = spec.schedule {
      // Where a chain stands, it depends on whether its run is over; see `chained`.
      return chain == nil ? spec.nextDue(after: now, anchor: now, zone: zone) : nil
    }
    return spec.nextDue(after: now, anchor: anchor, zone: zone)
  }
}
