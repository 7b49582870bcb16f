import SwitchyardCore
import SwitchyardModel
import Testing

/// Creating, editing, pausing, resuming and deleting jobs while they fire.
@Suite struct JobTests {
  let start = Timestamp(seconds: 1_800_000_000)

  func spec(_ schedule: Schedule, zone: String = "UTC") -> JobSpec {
    JobSpec(name: "job-1", schedule: schedule, timeZone: zone, processor: .noop(duration: .zero))
  }

  @Test func isCreatedAndFires() throws {
    var server = ServerHarness()
    server.own()
    let token = server.request(.putJob(app: "a", spec: spec(.fixedRate(.seconds(10))), existing: nil))
    guard case .createJob(let job)? = server.verbs.first else {
      Issue.record("\(server.verbs)")
      return
    }
    #expect(server.reply(token) == nil)
    #expect(job.nextFire == start)
    server.commit()
    #expect(server.reply(token) == .job(job))
    #expect(server.questions.count == 1)
    #expect(server.notices.contains(.jobStored(job)))
  }

  @Test func nameThatIsTakenIsRefused() {
    var server = ServerHarness()
    server.own()
    let token = server.request(.putJob(app: "a", spec: spec(.api), existing: nil))
    server.commit([.duplicate(4)])
    guard case .refused(.conflict, _)? = server.reply(token) else {
      Issue.record("\(server.replies)")
      return
    }
  }

  @Test func unknownZoneIsRefused() {
    var server = ServerHarness()
    server.own()
    let token = server.request(.putJob(app: "a", spec: spec(.api, zone: "Mars/Base"), existing: nil))
    #expect(server.commits.isEmpty)
    #expect(server.reply(token) != nil)
  }

  @Test func editWaitsForTheFiringInFlight() throws {
    var server = ServerHarness()
    server.jobs = [job(1, .fixedRate(.seconds(10)), nextFire: start)]
    server.own()
    server.place(.nobody(reason: ""))
    #expect(server.verbs.count == 1)
    let token = server.request(.putJob(app: "a", spec: spec(.fixedRate(.seconds(20))), existing: server.jobs[0]))
    #expect(server.verbs.count == 1)
    server.commit()
    guard case .editJob(let edited)? = server.verbs.first else {
      Issue.record("\(server.verbs)")
      return
    }
    #expect(edited.version == 2)
    #expect(edited.anchor == start)
    #expect(edited.nextFire == start)
    server.commit()
    #expect(server.reply(token) == .job(edited))
  }

  @Test func editThatKeepsTheScheduleKeepsTheDueTime() {
    var server = ServerHarness()
    server.jobs = [job(1, .fixedRate(.seconds(10)), nextFire: start + .seconds(7), anchor: start - .seconds(3))]
    server.own()
    var changed = server.jobs[0].spec
    changed.priority = 5
    _ = server.request(.putJob(app: "a", spec: changed, existing: server.jobs[0]))
    guard case .editJob(let edited)? = server.verbs.first else {
      Issue.record("\(server.verbs)")
      return
    }
    #expect(edited.nextFire == start + .seconds(7))
    #expect(edited.anchor == start - .seconds(3))
  }

  @Test func editOfAnOlderVersionIsRefused() {
    var server = ServerHarness()
    server.jobs = [job(1, .api)]
    server.own()
    var old = server.jobs[0]
    old.version = 0
    let token = server.request(.putJob(app: "a", spec: server.jobs[0].spec, existing: old))
    server.answerReads()
    guard case .refused(.conflict, _)? = server.reply(token) else {
      Issue.record("\(server.replies)")
      return
    }
  }

  /// An instance whose time has come asks for the job's limit while the job is read for the edit.
  @Test func aRowReadForTheLimitIsNotTakenForTheEdit() {
    var server = ServerHarness { $0.readLimit = 1_000 }
    let limited = job(1) { $0.overlap = Overlap(limit: 1) }
    server.jobs = [limited]
    server.active = [
      ActiveInstance(
        instance: Instance(
          id: InstanceID(rawValue: 700), job: limited.id, jobVersion: 1, app: "a", shard: Shard(of: limited.id),
          occurrence: .key("k"), readyAt: start + .seconds(5), dueAt: start, createdAt: start),
        definition: JobVersion(limited))
    ]
    server.own()
    let first = server.request(.putJob(app: "a", spec: spec(.api), existing: limited))
    server.pass(.seconds(5))
    server.runTimers()
    #expect(server.reads.filter { $0.request == .job(limited.id) }.count == 2)
    server.answerReads()
    let second = server.request(.setJobState(limited, .paused))
    #expect(server.verbs.count == 1)
    server.commitAll()
    guard case .job(let edited)? = server.reply(first), case .job(let paused)? = server.reply(second) else {
      Issue.record("\(server.replies)")
      return
    }
    #expect(edited.version == 2 && paused.state == .paused && paused.version == 2)
  }

  @Test func pausedDoesNotFireAndResumedGoesOn() {
    var server = ServerHarness()
    server.jobs = [job(1, .fixedRate(.seconds(10)), nextFire: start + .seconds(10))]
    server.own()
    let pause = server.request(.setJobState(server.jobs[0], .paused))
    server.commit()
    guard case .job(let paused)? = server.reply(pause) else {
      Issue.record("\(server.replies)")
      return
    }
    #expect(paused.nextFire == nil)
    server.pass(.seconds(25))
    server.runTimers()
    #expect(server.questions.isEmpty)
    server.jobs = [paused]
    let resume = server.request(.setJobState(paused, .enabled))
    server.answerReads()
    server.commit()
    guard case .job(let resumed)? = server.reply(resume) else {
      Issue.record("\(server.replies)")
      return
    }
    #expect(resumed.nextFire == start + .seconds(30))
    server.pass(.seconds(5))
    server.runTimers()
    #expect(server.questions.count == 1)
  }

  @Test func deletedDoesNotFire() {
    var server = ServerHarness()
    server.jobs = [job(1, .fixedRate(.seconds(10)), nextFire: start + .seconds(10))]
    server.own()
    _ = server.request(.setJobState(server.jobs[0], .deleted))
    server.commit()
    server.pass(.seconds(25))
    server.runTimers()
    #expect(server.questions.isEmpty)
    #expect(server.core.status.dueJobs == 0)
  }

  /// The run ended while its job was paused: nobody has set a due time.
  @Test func resumedChainWhoseRunIsOverGetsItsDueTime() {
    var server = ServerHarness()
    var fixed = job(1, .fixedDelay(.seconds(4)), state: .paused)
    fixed.chain = InstanceID(rawValue: 600)
    server.jobs = [fixed]
    server.own()
    let token = server.request(.setJobState(fixed, .enabled))
    server.answerReads()
    server.commit()
    guard case .job(let resumed)? = server.reply(token) else {
      Issue.record("\(server.replies)")
      return
    }
    #expect(resumed.nextFire == server.wall + .seconds(4))
    server.pass(.seconds(4))
    server.runTimers()
    #expect(server.questions.count == 1)
  }

  @Test func resumedChainWhoseRunGoesOnIsLeftAlone() {
    var server = ServerHarness()
    var fixed = job(1, .fixedDelay(.seconds(4)), state: .paused)
    let attempt = AttemptRef(instance: InstanceID(rawValue: 600), attempt: 1)
    fixed.chain = attempt.instance
    server.jobs = [fixed]
    server.active = [
      placed(attempt, JobVersion(fixed), on: ServerHarness.ref(), connection: server, shard: Shard(of: fixed.id))
    ]
    server.workers = [record(ServerHarness.ref(), session: 1)]
    server.own()
    _ = server.request(.setJobState(fixed, .enabled))
    server.answerReads()
    guard case .setJobState(let change)? = server.verbs.first else {
      Issue.record("\(server.verbs)")
      return
    }
    #expect(change.nextFire == nil)
    server.commit()
    #expect(server.reads.isEmpty)
    #expect(server.commits.isEmpty)
  }

  /// The run's end is on its way to the store: the edit waits, and knows of the due time that it sets.
  @Test func editWaitsForTheEndOfAChain() {
    var server = ServerHarness()
    server.jobs = [job(1, .fixedDelay(.seconds(4)), nextFire: start)]
    server.own()
    server.join()
    server.place(.worker(ServerHarness.ref()))
    guard case .createInstance(let instance, _)? = server.verbs.first else {
      Issue.record("\(server.verbs)")
      return
    }
    server.commit()
    server.result(AttemptRef(instance: instance.id, attempt: 1), on: ConnectionID(1))
    var stored = server.jobs[0]
    stored.nextFire = nil
    stored.chain = instance.id
    var changed = stored.spec
    changed.schedule = .fixedDelay(.seconds(6))
    let token = server.request(.putJob(app: "a", spec: changed, existing: stored))
    #expect(server.verbs.count == 1)
    server.commit()
    guard case .editJob(let edited)? = server.verbs.last else {
      Issue.record("\(server.verbs)")
      return
    }
    #expect(edited.nextFire == server.wall + .seconds(6))
    #expect(edited.chain == instance.id)
    server.commit()
    #expect(server.reply(token) == .job(edited))
  }

  @Test func policyIsStoredThenLive() {
    var server = ServerHarness()
    server.own()
    let policy = Policy(balancer: Policy.Strategy(plugin: "p"))
    let token = server.request(.putPolicy(app: "a", policy, revision: 1))
    #expect(server.others.isEmpty)
    server.commit()
    #expect(server.reply(token) == .policy(PolicyRevision(app: "a", revision: 1, policy: policy, createdAt: start)))
    #expect(server.others.count == 1)
    let second = server.request(.putPolicy(app: "a", policy, revision: 1))
    server.commit([.conflict])
    guard case .refused(.conflict, _)? = server.reply(second) else {
      Issue.record("\(server.replies)")
      return
    }
  }
}
