import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage

/// A job as the applied operations made it.
struct JobMirror {
  var version: UInt32
  var state: JobState
  var plan: SchedulePlan?
  var schedule: Schedule
  var anchor: Int64
  var nextFire: Int64?
  var chain: InstanceID?
}

/// No due time is missed, none is made up: the chain of due times of each job, link by link, against plain
/// arithmetic. A link that is right and a chain that is on time in the end leave no room for a gap.
extension Checker {
  private static let misfireThreshold = 60 * second

  mutating func stored(_ job: Job, _ now: Int64) {
    let old = jobs[job.id]
    if old == nil { jobOrder.append(job.id) }
    let mirror = JobMirror(
      version: job.version, state: job.state, plan: SchedulePlan(reading: job.spec.schedule),
      schedule: job.spec.schedule, anchor: job.anchor.nanoseconds, nextFire: job.nextFire?.nanoseconds,
      chain: job.chain)
    jobs[job.id] = mirror
    if let old, old.state == .enabled, job.state == .enabled, old.schedule == job.spec.schedule {
      // The same schedule goes on: what is due already must not be stepped over.
      let owed = old.nextFire ?? .max
      // A delay may be counted anew from the edit, when that was computed while its run ended.
      if case .delay(let delay)? = mirror.plan, let next = mirror.nextFire, next <= latestWall + delay { return }
      require(
        (mirror.nextFire ?? .max) <= owed || isChained(mirror), "an edit steps over no due time",
        "\(job.spec.name) from \(owed) to \(mirror.nextFire ?? .max)", now)
    } else if job.state == .enabled {
      begins(mirror, at: job.updatedAt.nanoseconds, job.spec.name, now)
    }
  }

  mutating func changed(_ change: JobStateChange, _ now: Int64) {
    guard var mirror = jobs[change.job] else { return fail("only jobs change", "\(change.job)", now) }
    let wasEnabled = mirror.state == .enabled
    mirror.state = change.state
    mirror.nextFire = change.state == .deleted ? nil : change.nextFire?.nanoseconds
    jobs[change.job] = mirror
    if change.state == .enabled, !wasEnabled { begins(mirror, at: change.at.nanoseconds, "\(change.job)", now) }
  }

  /// A job that becomes enabled is due next at the first due time after that.
  private mutating func begins(_ job: JobMirror, at time: Int64, _ name: String, _ now: Int64) {
    guard let plan = job.plan else { return }
    switch plan {
    case .api: require(job.nextFire == nil, "a job without schedule has no due time", name, now)
    case .delay:
      // Whether the chain goes on after a run that is over already is looked at in the end.
      require(job.nextFire != nil || job.chain != nil, "a delay is counted from something", name, now)
    case .once(let due):
      // One that was paused over its time may fire late or not at all.
      guard due > time else { return }
      require(job.nextFire == due, "the first due time is the first", name, now)
    case .cron, .rate:
      let first = plan.dueTime(after: time, anchor: job.anchor)
      require(
        job.nextFire == first || job.nextFire == time, "the first due time is the first",
        "\(name): \(String(describing: job.nextFire)), not \(String(describing: first))", now)
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
      expected <= instance.createdAt.nanoseconds && instance.createdAt.nanoseconds <= latestWall,
      "nothing fires before its time", "\(instance.occurrence)", now)
    guard !plan.isDelay else {
      return require(
        due.nextFire == nil && due.chain == instance.id, "a delay waits for its run", "\(instance.occurrence)", now)
    }
    require(
      instance.occurrence.text == "@\(expected)", "an occurrence is named by its due time", "\(instance.occurrence)",
      now)
    let next = plan.dueTime(after: expected, anchor: job.anchor)
    if due.nextFire?.nanoseconds == next { return }
    let late = instance.createdAt.nanoseconds - expected
    let skipsTo = due.nextFire?.nanoseconds
    let isDueTime = skipsTo.map { plan.dueTime(after: $0 - 1, anchor: job.anchor) == $0 } ?? false
    require(
      late > Self.misfireThreshold && isDueTime && (skipsTo ?? 0) > expected, "no due time is missed",
      "job \(instance.job) goes from \(expected) to \(skipsTo ?? 0) instead of \(next ?? 0), \(late / millisecond) ms late",
      now)
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
      switch plan {
      case .api, .once: break
      case .cron, .rate: fail("no due time is missed", "\(stored.spec.name) has none any more", now)
      case .delay: require(isChained(job), "a delay goes on after its run", stored.spec.name, now)
      }
    }
  }
}

extension SchedulePlan {
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
