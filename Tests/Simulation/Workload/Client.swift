import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage

/// Users of the API: they read rows, ask the server, and remember what they were promised.
struct Client {
  struct PlannedJob {
    let name: String
    var schedule: SchedulePlan
    /// Nil: not acknowledged yet.
    var id: JobID?
    var askAgainAt: Int64 = 0
  }

  enum Wish {
    case createJob(Int)
    case editJob(Int, SchedulePlan)
    case setState(Int, JobState)
    case submit(key: String?, JobID)
    case submitBatch(JobID)
    case end(InstanceID)
    case release(InstanceID)
    case putPolicy(UInt64)

    var word: String {
      switch self {
      case .createJob: "create job"
      case .editJob: "edit job"
      case .setState: "set job state"
      case .submit: "submit"
      case .submitBatch: "submit batch"
      case .end: "end"
      case .release: "release"
      case .putPolicy: "put policy"
      }
    }
  }

  var jobs: [PlannedJob] = []
  var lastToken: Token = 1 << 40
  /// Asked and not answered; lost when the server goes.
  var open: [Token: Wish] = [:]
  var openTokens: [Token] = []
  /// Keys that nobody acknowledged: to be sent again until somebody does.
  var unacknowledged: [(key: String, job: JobID)] = []
  var keysMade = 0
  /// Time for everything to end: jobs are paused, what is held is released.
  var isWindingDown = false
}

extension World {
  static let mostJobs = 13

  func makeJobs() {
    let count = dice.clients.between(7...Self.mostJobs)
    for index in 0..<count {
      var plan = SchedulePlan.random(&dice.clients, wall: scenario.wallStart)
      // One of each kind is there in any case.
      switch index {
      case 0: plan = .api
      case 1: plan = .rate(dice.clients.between(800 * millisecond, 4 * second))
      case 2: plan = .delay(dice.clients.skewed(10 * millisecond, 4 * second))
      case 3: plan = .cron(seconds: [0, 10, 20, 30, 40, 50], everyMinutes: 1)
      case 4: plan = .once(scenario.wallStart + dice.clients.between(30 * second, 300 * second))
      default: break
      }
      client.jobs.append(Client.PlannedJob(name: "job-\(index)", schedule: plan))
    }
    for index in scenario.omittedJobs.sorted(by: >) where index < client.jobs.count { client.jobs.remove(at: index) }
  }

  func ask(_ wish: Client.Wish, _ request: ServerRequest) {
    guard server.isUp else { return }
    client.lastToken += 1
    client.open[client.lastToken] = wish
    client.openTokens.append(client.lastToken)
    if trace.isOn { trace.say(now, "client asks \(client.lastToken & 0xFFFF): \(describe(wish))") }
    tellServer(.request(client.lastToken, request))
  }

  func answered(_ token: Token, _ reply: ServerReply) {
    guard let wish = client.open.removeValue(forKey: token) else {
      checker.fail("each request is answered once", "token \(token) had been answered", now)
      return
    }
    client.openTokens.removeAll { $0 == token }
    if trace.isOn { trace.say(now, "client hears \(token & 0xFFFF): \(describe(reply))") }
    coverage.add(.request, "\(wish.word): \(reply.word)")
    switch (wish, reply) {
    case (.createJob(let index), .job(let job)):
      client.jobs[index].id = job.id
      checker.promisedJob(job, store: store.state, now)
    case (.createJob(let index), .refused):
      // It may be there all the same, by an earlier wish whose answer was lost.
      if let job = store.state.job(app: "sim", name: client.jobs[index].name) { client.jobs[index].id = job.id }
    case (.editJob(_, _), .job(let job)), (.setState(_, _), .job(let job)):
      if job.state == .deleted, let index = client.jobs.firstIndex(where: { $0.id == job.id }) {
        // Its name is free again.
        client.jobs[index].id = nil
      }
      checker.promisedJob(job, store: store.state, now)
    case (.submit(let key, let job), .submitted(let id, let duplicate)):
      checker.promisedInstance(id, key: key, job: job, duplicate: duplicate, store: store.state, now)
    case (.submitBatch(let job), .batch(let replies)):
      for case .submitted(let id, let duplicate) in replies {
        checker.promisedInstance(id, key: nil, job: job, duplicate: duplicate, store: store.state, now)
      }
    case (.submit(let key, let job), .refused):
      if let key { client.unacknowledged.append((key, job)) }
    case (.end(let id), .instance(let told, _)), (.release(let id), .instance(let told, _)):
      if id != told { checker.fail("an answer is about what was asked", "\(id) is not \(told)", now) }
    case (.putPolicy(let number), .policy(let revision)):
      checker.promisedPolicy(revision, number, store: store.state, now)
    case (_, .refused): break
    default: checker.fail("an answer is about what was asked", "\(reply)", now)
    }
  }

  /// The server went: nobody knows what became of what was asked.
  func loseRequests() {
    for token in client.openTokens {
      if case .submit(let key?, let job)? = client.open[token] { client.unacknowledged.append((key, job)) }
    }
    client.openTokens = []
    client.open = [:]
  }

  // MARK: What users do

  func clientActs() {
    queue.plan(.client, at: now + dice.clients.between(scenario.clientEvery / 4, scenario.clientEvery * 2))
    guard server.isUp else { return }
    if createMissingJob() { return }
    guard !client.isWindingDown else { return windDown() }
    guard !isCalm, !client.jobs.isEmpty else { return repeatSubmit() }
    let index = Int(dice.clients.below(UInt64(client.jobs.count)))
    guard let id = client.jobs[index].id, let job = store.state.read(.job(id)).jobs.first else { return }
    switch dice.clients.below(100) {
    case ..<45: submit(job)
    case ..<55: repeatSubmit()
    case ..<70: endSomething()
    case ..<76: setState(index, job, .paused)
    case ..<88: setState(index, job, .enabled)
    case ..<94: edit(index, job)
    case ..<95: setState(index, job, .deleted)
    case ..<96: putPolicy()
    default: releaseSomething()
    }
  }

  private func createMissingJob() -> Bool {
    guard let index = client.jobs.firstIndex(where: { $0.id == nil && $0.askAgainAt <= now }),
      let spec = JobPlan.spec(
        named: client.jobs[index].name, client.jobs[index].schedule, wall: scenario.wallStart + now, &dice.clients)
    else { return false }
    client.jobs[index].askAgainAt = now + 10 * second
    ask(.createJob(index), .putJob(app: "sim", spec: spec, existing: nil))
    return true
  }

  private func submit(_ job: Job) {
    guard job.state != .deleted, let definition = store.state.definition(job: job.id, version: job.version)
    else { return }
    var key: String?
    if dice.clients.chance(500) {
      client.keysMade += 1
      key = "key-\(client.keysMade)"
      if dice.clients.chance(100) { key = "key-\(dice.clients.between(1...client.keysMade))" }
    }
    let later = dice.clients.chance(150)
    let at = later ? scenario.wallStart + now + dice.clients.between(0, 20 * second) : nil
    let submission = Submission(definition: definition, key: key, at: at.map { Timestamp(nanoseconds: $0) })
    if dice.clients.chance(50) && key == nil {
      ask(.submitBatch(job.id), .submitBatch(Array(repeating: submission, count: 20)))
    } else {
      ask(.submit(key: key, job.id), .submit(submission))
    }
  }

  private func repeatSubmit() {
    guard let (key, id) = client.unacknowledged.popLast() else { return }
    guard let job = store.state.read(.job(id)).jobs.first, job.state != .deleted,
      let definition = store.state.definition(job: id, version: job.version)
    else { return }
    ask(.submit(key: key, id), .submit(Submission(definition: definition, key: plant == .keysForgotten ? nil : key)))
  }

  private func putPolicy() {
    let number = (store.state.policy(app: "sim", revision: nil)?.revision ?? 0) + 1
    let policy = Policy(balancer: Policy.Strategy(plugin: "any"))
    // Two at the same time: one of them is too late.
    for _ in 0..<dice.clients.between(1...2) {
      ask(.putPolicy(number), .putPolicy(app: "sim", policy, revision: number))
    }
  }

  /// Many users want the same at the same time.
  func burst(_ random: inout SeededRandom) -> Bool {
    guard server.isUp, !client.jobs.isEmpty else { return false }
    let index = Int(random.below(UInt64(client.jobs.count)))
    if let id = client.jobs[index].id, let job = store.state.read(.job(id)).jobs.first, job.state != .deleted {
      for round in 0..<random.between(10...80) {
        let state: JobState = round % 2 == 0 ? .paused : .enabled
        ask(.setState(index, state), .setJobState(job, state))
      }
      submit(job)
      // More than the queues of a narrow world take, and then what else there is to ask for.
      if random.chance(300), let definition = store.state.definition(job: job.id, version: job.version) {
        let submissions = Array(repeating: Submission(definition: definition), count: 40)
        ask(.submitBatch(job.id), .submitBatch(submissions))
      }
      if let spec = JobPlan.spec(
        named: client.jobs[index].name, client.jobs[index].schedule, wall: scenario.wallStart + now, &dice.clients)
      {
        ask(.createJob(index), .putJob(app: "sim", spec: spec, existing: nil))
      }
      putPolicy()
    }
    guard let id = checker.randomActive(&random), let instance = store.state.instance(id) else { return true }
    for _ in 0..<random.between(10...40) {
      if random.chance(700) { ask(.end(id), .end(instance)) } else { ask(.release(id), .release(instance)) }
    }
    return true
  }

  /// As soon as they are durable, before the server has heard of it.
  func usersAskAboutNew(_ group: CommitGroup) {
    for op in group.ops where dice.clients.chance(100) {
      if case .createInstance(let instance, _) = op.verb { usersAsk(about: instance.id) }
    }
  }

  /// At a time when it is not known what became of the instance.
  func usersAsk(about id: InstanceID) {
    guard server.isUp, let instance = store.state.instance(id) else { return }
    switch dice.clients.below(3) {
    case 0: ask(.end(id), .end(instance))
    case 1: ask(.release(id), .release(instance))
    default:
      guard let index = client.jobs.firstIndex(where: { $0.id == instance.job }),
        let job = store.state.read(.job(instance.job)).jobs.first, job.state != .deleted
      else { return }
      ask(.setState(index, .enabled), .setJobState(job, job.state == .enabled ? .paused : .enabled))
      if dice.clients.chance(500) { edit(index, job) }
    }
  }

  private func endSomething() {
    // One that is over now and then.
    let old = dice.clients.chance(50) ? dice.clients.pick(processes)?.assignment.attempt.instance : nil
    guard let id = old ?? checker.randomActive(&dice.clients), let instance = store.state.instance(id) else { return }
    ask(.end(id), .end(instance))
  }

  private func releaseSomething() {
    guard let id = checker.anyHeld(), let instance = store.state.instance(id) else { return }
    ask(.release(id), .release(instance))
  }

  private func setState(_ index: Int, _ job: Job, _ state: JobState) {
    guard job.state != state, job.state != .deleted else { return }
    ask(.setState(index, state), .setJobState(job, state))
  }

  private func edit(_ index: Int, _ job: Job) {
    guard job.state != .deleted else { return }
    var plan = client.jobs[index].schedule
    if dice.clients.chance(500) { plan = SchedulePlan.random(&dice.clients, wall: scenario.wallStart + now) }
    guard let spec = JobPlan.spec(named: client.jobs[index].name, plan, wall: scenario.wallStart + now, &dice.clients)
    else { return }
    client.jobs[index].schedule = plan
    ask(.editJob(index, plan), .putJob(app: "sim", spec: spec, existing: job))
  }

  /// Stops all schedules and lets go what is held, again and again until it is so.
  private func windDown() {
    for index in client.jobs.indices {
      // By name: that of one that was deleted may belong to another, of which nobody was told.
      guard client.jobs[index].askAgainAt <= now, client.jobs[index].id != nil,
        let job = store.state.job(app: "sim", name: client.jobs[index].name), job.state == .enabled
      else { continue }
      client.jobs[index].askAgainAt = now + 2 * second
      ask(.setState(index, .paused), .setJobState(job, .paused))
    }
    if let id = checker.anyHeld(), let instance = store.state.instance(id) {
      ask(.end(id), dice.clients.chance(500) ? .end(instance) : .release(instance))
    }
    repeatSubmit()
  }
}

extension OwnerPage {
  var jobs: [Job] { if case .jobs(let jobs) = self { jobs } else { [] } }
}
