import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage

/// A job as the applied operations made it.
struct JobMirror {
  var version: UInt32
  var state: JobState
  var plan: SchedulePlan?
  var spec: JobSpec
  var anchor: Int64
  var nextFire: Int64?
  var chain: InstanceID?
  /// Limits of older versions, and until when what was decided under them may become durable.
  var oldLimits: [(overlap: Overlap?, until: Int64)] = []

  init(_ job: Job) {
    version = job.version
    state = job.state
    plan = SchedulePlan(reading: job.spec.schedule)
    spec = job.spec
    anchor = job.anchor.nanoseconds
    nextFire = job.nextFire?.nanoseconds
    chain = job.chain
  }

  /// The first due time later than `time` in the job's life, by the plan's arithmetic.
  func dueTime(after time: Int64) -> Int64? {
    let from = spec.startsAt.map { max(time, $0.nanoseconds - 1) } ?? time
    return plan?.dueTime(after: from, anchor: anchor).flatMap { isOver($0) ? nil : $0 }
  }

  func isOver(_ time: Int64) -> Bool { spec.endsAt.map { time >= $0.nanoseconds } ?? false }
}

/// No due time is missed, none is made up: the chain of due times of each job, link by link, against plain
/// arithmetic. A link that is right and a chain that is on time in the end leave no room for a gap.
extension Checker {
  mutating func stored(_ job: Job, _ now: Int64) {
    let old = jobs[job.id]
    if old == nil { jobOrder.append(job.id) }
    var mirror = JobMirror(job)
    if let old { mirror.oldLimits = old.oldLimits + [(old.spec.overlap, now + JobMirror.limitGrace)] }
    jobs[job.id] = mirror
    let wasPausedByHand = pausedByHand.remove(job.id) != nil
    if job.spec.overlap != nil { limitedVersions.insert(VersionKey(job: job.id, version: job.version)) }
    if let old, old.state == .enabled, job.state == .enabled, old.spec.schedule == job.spec.schedule,
      old.spec.startsAt == job.spec.startsAt
    {
      // The same schedule goes on: what is due already must not be stepped over.
      guard let owed = old.nextFire, !mirror.isOver(owed) else { return }
      // A delay may be counted anew from the edit, when that was computed while its run ended.
      if case .delay(let delay)? = mirror.plan, let next = mirror.nextFire, next <= latestWall + delay { return }
      require(
        (mirror.nextFire ?? .max) <= owed || isChained(mirror) || mirror.chain.map(endedByHand.contains) ?? false,
        "an edit steps over no due time",
        "\(job.spec.name) from \(owed) to \(mirror.nextFire ?? .max)", now)
    } else if job.state == .enabled, !wasPausedByHand {
      begins(mirror, at: job.updatedAt.nanoseconds, job.spec.name, now)
    }
  }

  mutating func changed(_ change: JobStateChange, _ now: Int64) {
    guard var mirror = jobs[change.job] else { return fail("only jobs change", "\(change.job)", now) }
    let wasEnabled = mirror.state == .enabled || pausedByHand.contains(change.job)
    pausedByHand.remove(change.job)
    mirror.state = change.state
    mirror.nextFire = change.state == .deleted ? nil : change.nextFire?.nanoseconds
    jobs[change.job] = mirror
    if change.state == .enabled, !wasEnabled { begins(mirror, at: change.at.nanoseconds, "\(change.job)", now) }
  }

  /// A job that becomes enabled is due next at the first due time after that.
  private mutating func begins(_ job: JobMirror, at time: Int64, _ name: String, _ now: Int64) {
    guard let plan = job.plan else { return }
    let first = job.dueTime(after: time)
    switch plan {
    case .api: require(job.nextFire == nil, "a job without schedule has no due time", name, now)
    case .delay:
      // Whether the chain goes on after a run that is over already is looked at in the end.
      let mayHaveEnded = job.isOver(time + (plan.delay ?? 0))
      require(job.nextFire != nil || job.chain != nil || mayHaveEnded, "a delay is counted from something", name, now)
    case .once:
      // One that was paused over its time may fire late or not at all.
      guard first != nil else { return }
      require(job.nextFire == first, "the first due time is the first", name, now)
    case .cron, .rate:
      require(
        job.nextFire == first || (job.nextFire == time && !job.isOver(time)), "the first due time is the first",
        "\(name): \(String(describing: job.nextFire)), not \(String(describing: first))", now)
    }
    if let next = job.nextFire {
      require(
        next >= job.spec.startsAt?.nanoseconds ?? next && !job.isOver(next), "nothing is due outside of a job's life",
        "\(name): \(next)", now)
    }
  }

  private func isChained(_ job: JobMirror) -> Bool {
    guard job.plan?.isDelay ?? false, let chain = job.chain else { return false }
    return rows[chain].map { !$0.state.isTerminal } ?? false
  }

  /// An instance was created, or found created, under a due guard.
  mutating func fired(_ instance: Instance, _ due: DueGuard?, _ result: OpResult, _ now: Int64) {
    guard let due, var job = jobs[instance.job] else { return }
    let expected = due.expectedNextFire.nanoseconds
    let holds = job.state == .enabled && job.version == due.jobVersion && job.nextFire == expected
    if result == .applied {
      require(holds, "a due time fires from the job as it is", "\(instance.occurrence) of \(instance.job)", now)
    } else if case .duplicate = result {
      guard holds else { return }
    } else {
      return
    }
    follow(instance, due, job, now)
    job.nextFire = due.nextFire?.nanoseconds
    if due.chain != nil { job.chain = result == .applied ? instance.id : chain(of: result) }
    jobs[instance.job] = job
  }

  private func chain(of result: OpResult) -> InstanceID? {
    if case .duplicate(let id?) = result { InstanceID(rawValue: id) } else { nil }
  }

  private mutating func follow(_ instance: Instance, _ due: DueGuard, _ job: JobMirror, _ now: Int64) {
    guard let plan = job.plan else { return }
    let expected = due.expectedNextFire.nanoseconds
    require(instance.dueAt == due.expectedNextFire, "a record names its due time", "\(instance.occurrence)", now)
    require(
      expected >= job.spec.startsAt?.nanoseconds ?? expected && !job.isOver(expected),
      "nothing fires outside of a job's life", "\(instance.occurrence)", now)
    require(
      expected <= instance.createdAt.nanoseconds && instance.createdAt.nanoseconds <= latestWall,
      "nothing fires before its time", "\(instance.occurrence)", now)
    if plan.isDelay, instance.state == .skipped {
      let next = instance.createdAt.nanoseconds + (plan.delay ?? 0)
      require(due.chain == instance.id, "a delay goes on from its record", "\(instance.occurrence)", now)
      return require(
        due.nextFire.map { $0.nanoseconds == max(next, job.spec.startsAt?.nanoseconds ?? next) } ?? job.isOver(next),
        "a delay is counted from something", "\(instance.occurrence)", now)
    }
    guard !plan.isDelay else {
      return require(
        due.nextFire == nil && due.chain == instance.id, "a delay waits for its run", "\(instance.occurrence)", now)
    }
    require(
      instance.occurrence.text == "@\(expected)", "an occurrence is named by its due time", "\(instance.occurrence)",
      now)
    let created = instance.createdAt.nanoseconds
    if let skip = Skip(result: instance.result), instance.state == .skipped {
      return skipped(skip, due, job, created, now)
    }
    let next = job.dueTime(after: expected)
    require(
      due.nextFire?.nanoseconds == next, "no due time is missed",
      "job \(instance.job) goes from \(expected) to \(due.nextFire?.nanoseconds ?? 0) instead of \(next ?? 0)", now)
    guard created - expected > job.spec.misfire.threshold.nanoseconds else { return }
    switch job.spec.misfire.policy {
    case .skip: fail("what was missed is skipped", "\(instance.occurrence)", now)
    case .fireOnce:
      require((next ?? .max) > created, "of those that were missed the last one fires", "\(instance.occurrence)", now)
    case .fireAll: break
    }
  }

  /// A record of due times that were skipped, against the table of misfires, one due time after the other.
  private mutating func skipped(_ skip: Skip, _ due: DueGuard, _ job: JobMirror, _ created: Int64, _ now: Int64) {
    let words = "\(skip.reason) of \(job.spec.name): \(skip.first) to \(skip.last)"
    var (time, count) = (due.expectedNextFire.nanoseconds, Int64(1))
    require(skip.first.nanoseconds == time, "a record begins with its due time", words, now)
    while time < skip.last.nanoseconds, let next = job.dueTime(after: time) { (time, count) = (next, count + 1) }
    require(time == skip.last.nanoseconds, "a record ends with a due time", words, now)
    require(
      skip.count ?? count == count && (skip.count == nil) == (count > 1_000 && !job.isRate), "a record counts", words,
      now)
    let following = job.dueTime(after: time)
    require(due.nextFire?.nanoseconds == following, "what follows a record is due next", words, now)
    let isMissed = { (due: Int64) in created - due > job.spec.misfire.threshold.nanoseconds }
    guard skip.reason == .misfire else { return require(count == 1, "one comes at a time", words, now) }
    require(isMissed(skip.first.nanoseconds), "only what was missed begins a record", words, now)
    switch job.spec.misfire.policy {
    case .skip:
      require(isMissed(time) && !(following.map(isMissed) ?? false), "all that is missed is skipped", words, now)
    case .fireOnce:
      let another = following.flatMap { job.dueTime(after: $0) } ?? .max
      require((following ?? .max) <= created && another > created, "all but the last are skipped", words, now)
    case .fireAll:
      var (left, next) = (Int64(0), following)
      while let due = next, isMissed(due) { (left, next) = (left + 1, job.dueTime(after: due)) }
      require(left == job.spec.misfire.limit, "so many of those that were missed fire", "\(words), \(left)", now)
    }
  }

  /// A fixed delay goes on when its run is over.
  mutating func advance(_ chain: ChainAdvance?, _ now: Int64) {
    guard let chain, var job = jobs[chain.job], job.state == .enabled, job.chain == chain.predecessor else { return }
    job.nextFire = chain.nextFire.nanoseconds
    jobs[chain.job] = job
    let isOver = rows[chain.predecessor]?.state.isTerminal ?? false
    require(isOver, "a delay begins at the end of the run", "\(chain.predecessor)", now)
  }

  /// After a calm minute every schedule must be on time.
  mutating func schedulesAreOnTime(store: ModelState, _ now: Int64) {
    let wall = serverWall
    linesAreShort(now)
    for id in jobOrder {
      guard let job = jobs[id], case .jobs(let page) = store.read(.job(id)), let stored = page.first else { continue }
      require(
        stored.nextFire?.nanoseconds == job.nextFire && stored.state == job.state,
        "a job is what its operations made it", stored.spec.name, now)
      guard job.state == .enabled, let plan = job.plan else { continue }
      if let next = job.nextFire {
        require(
          next > wall - 3 * second, "no due time is missed",
          "\(stored.spec.name) was due \((wall - next) / millisecond) ms ago", now)
        continue
      }
      // Where the clock was set back, what had been due before has fired, and a life that was over is over.
      switch plan {
      case .api, .once: break
      case .cron, .rate:
        guard job.dueTime(after: latestWall) != nil else { break }
        fail("no due time is missed", "\(stored.spec.name) has none any more", now)
      case .delay(let delay):
        let isLost = job.chain.map(chainsLost.contains) ?? false
        require(
          isChained(job) || job.isOver(latestWall + delay) || isLost, "a delay goes on after its run", stored.spec.name,
          now)
      }
    }
  }
}

extension JobMirror {
  fileprivate var isRate: Bool { if case .rate? = plan { true } else { false } }
}

extension SchedulePlan {
  fileprivate var delay: Int64? { if case .delay(let delay) = self { delay } else { nil } }

  /// Reads the few forms that this world uses, by hand.
  init?(reading schedule: Schedule) {
    switch schedule {
    case .api: self = .api
    case .fixedRate(let period): self = .rate(period.nanoseconds)
    case .fixedDelay(let delay): self = .delay(delay.nanoseconds)
    case .once(let time): self = .once(time.nanoseconds)
    case .cron(let expression):
      let fields = expression.text.split(separator: " ")
      guard fields.count == 6 else { return nil }
      let every = fields[1] == "*" ? 1 : Int(fields[1].dropFirst(2)) ?? 1
      self = .cron(seconds: fields[0].split(separator: ",").compactMap { Int($0) }, everyMinutes: every)
    }
  }
}
