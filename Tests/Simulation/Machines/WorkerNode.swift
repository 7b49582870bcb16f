import SwitchyardCore
import SwitchyardModel

/// A worker's machine: its clocks, its process (the agent), and what that started.
final class WorkerNode {
  let index: Int
  let plan: Scenario.WorkerPlan
  /// Grows with each start of the process.
  var run = 0
  var agent: AgentMachine
  var random: SeededRandom
  var lineage: UInt64
  var incarnation: UInt64 = 0

  var isUp = false
  /// Gone for good.
  var isGone = false
  var isPaused = false
  /// Its machine stands still until then, with its processes.
  var stillUntil: Int64 = 0
  /// Since when, if its clocks stand still too.
  var clockStoppedAt: Int64?
  /// What a paused process finds when it wakes up.
  var mailbox: [AgentEvent] = []
  var crashesAtSpawn = false
  var drainsWhenJudged = false
  /// Its next hello claims to run what it never got.
  var forgesInventory = false
  /// The stream that takes logs.
  var logsTo: ConnectionNumber?

  var clock: MachineClock
  var timers = [0, 0, 0]
  /// When shims kill by themselves, on the machine's boot clock.
  var deadline: BootTime?

  /// The last streams it opened.
  var streams: [(number: ConnectionNumber, stream: Int)] = []
  var cutToServerUntil: Int64 = 0
  var cutToAgentUntil: Int64 = 0

  /// What runs here, by index into the world's processes.
  var processes: [Int] = []

  init(index: Int, plan: Scenario.WorkerPlan, _ scenario: Scenario, random: SeededRandom) {
    var random = random
    self.index = index
    self.plan = plan
    lineage = random.next() >> 1
    clock = MachineClock(
      bootStart: random.between(0, 1_000_000 * second), drift: random.between(-1_000, 1_000),
      wallStart: scenario.wallStart)
    clock.wallOffset = random.between(-2 * second, 2 * second)
    self.random = random
    agent = AgentMachine(name: plan.name, lineage: 0, incarnation: 0, profile: WorkerProfile(apps: [], slots: 0))
  }

  var name: String { plan.name }
  func isStill(at now: Int64) -> Bool { stillUntil > now }

  /// As a data directory makes them: higher than all before, and than all of another directory if the clock is right.
  func nextIncarnation(at now: Int64) -> UInt64 {
    incarnation = max(incarnation + 1, UInt64(max(0, clock.wall(at: now) / millisecond)))
    return incarnation
  }

  func stream(_ number: ConnectionNumber) -> Int? { streams.last { $0.number == number }?.stream }
}

extension AgentTimer {
  var slot: Int {
    switch self {
    case .reconnect: 0
    case .heartbeat: 1
    case .lease: 2
    }
  }
}

extension World {
  // MARK: Life

  func startWorker(_ worker: WorkerNode) {
    guard !worker.isUp, !worker.isGone else { return }
    worker.run += 1
    worker.isUp = true
    worker.isPaused = false
    worker.crashesAtSpawn = false
    worker.drainsWhenJudged = false
    worker.mailbox = []
    worker.deadline = nil
    worker.logsTo = nil
    observer?.agentStarts(worker.index)
    let profile = WorkerProfile(
      apps: ["sim"], slots: worker.plan.slots, tags: worker.plan.tags, processors: worker.plan.processors)
    worker.agent = AgentMachine(
      name: worker.name, lineage: worker.lineage, incarnation: worker.nextIncarnation(at: now), profile: profile,
      configuration: World.agentConfiguration(scenario))
    trace.say(now, "\(worker.name) starts as #\(worker.incarnation)")
    tell(worker, .start)
  }

  /// SIGKILL: shims see the end of their pipes and kill what they watch.
  func crashWorker(_ worker: WorkerNode, silently: Bool) {
    guard worker.isUp else { return }
    trace.say(now, "\(worker.name) crashes")
    coverage.add(worker.agent.counters)
    worker.isUp = false
    worker.isPaused = false
    worker.stillUntil = min(worker.stillUntil, now)
    worker.clockStoppedAt = nil
    worker.mailbox = []
    worker.deadline = nil
    dropStreams(of: worker, silently: silently)
    for process in worker.processes {
      queue.plan(.processDies(process), at: now + dice.processes.between(0, 50 * millisecond))
    }
  }

  /// As planned when it was at a certain step.
  func crashWorker(_ worker: WorkerNode, run: Int) {
    guard worker.run == run, worker.isUp, !isCalm else { return }
    crashWorker(worker, silently: false)
    queue.plan(.restartWorker(worker.index), at: now + dice.faults.skewed(100 * millisecond, 5 * second))
  }

  /// A restart finds the lock of its data directory taken while anything of the old process lives.
  func restartWorker(_ worker: WorkerNode) {
    guard !worker.isUp, !worker.isGone else { return }
    guard worker.processes.isEmpty else {
      queue.plan(.restartWorker(worker.index), at: now + 20 * millisecond)
      return
    }
    startWorker(worker)
  }

  func pause(_ worker: WorkerNode, for span: Int64) -> Bool {
    guard worker.isUp, !worker.isPaused else { return false }
    trace.say(now, "\(worker.name) is stopped for \(span / millisecond) ms")
    worker.isPaused = true
    queue.plan(.resumeWorker(worker.index, run: worker.run), at: now + span)
    return true
  }

  /// The whole machine stands still, and what is sent to it waits.
  func still(_ worker: WorkerNode, for span: Int64, clocksStop: Bool) -> Bool {
    guard pause(worker, for: span) else { return false }
    worker.stillUntil = now + span
    worker.cutToServerUntil = max(worker.cutToServerUntil, now + span)
    worker.cutToAgentUntil = max(worker.cutToAgentUntil, now + span)
    if clocksStop { worker.clockStoppedAt = now }
    checker.standsStill(worker.agent.ref, clocksStop: clocksStop)
    return true
  }

  /// Whether this has to wait until the machine goes on.
  func waits(_ event: WorldEvent, for worker: WorkerNode) -> Bool {
    guard worker.isStill(at: now) else { return false }
    queue.plan(event, at: worker.stillUntil + dice.processes.between(0, millisecond))
    return true
  }

  func removeWorker(_ worker: WorkerNode) {
    crashWorker(worker, silently: true)
    worker.isGone = true
  }

  func resume(_ worker: WorkerNode) {
    guard worker.isPaused else { return }
    trace.say(now, "\(worker.name) goes on")
    worker.isPaused = false
    worker.stillUntil = min(worker.stillUntil, now)
    if let since = worker.clockStoppedAt {
      worker.clockStoppedAt = nil
      worker.clock.standStill(for: now - since)
      setDeadline(worker.deadline, of: worker)
    }
    let mail = worker.mailbox
    worker.mailbox = []
    for event in mail { tell(worker, event) }
  }

  // MARK: The agent

  func tellAgent(of stream: Int, _ event: AgentEvent) {
    let worker = workers[streams[stream].worker]
    guard worker.run == streams[stream].workerRun else { return }
    tell(worker, event)
  }

  func tell(_ worker: WorkerNode, _ event: AgentEvent) {
    guard worker.isUp else { return }
    guard !worker.isPaused else {
      worker.mailbox.append(event)
      return
    }
    var actions = AgentActions()
    worker.agent.handle(event, at: worker.clock.instants(at: now), random: &worker.random, into: &actions)
    observer?.look(at: worker.agent, worker.index, into: &coverage)
    if plant == .resultsNotKept { fakeAcknowledgements(for: actions, to: worker) }
    for action in actions { perform(action, of: worker) }
    if worker.drainsWhenJudged, worker.agent.isJudged {
      worker.drainsWhenJudged = false
      trace.say(now, "\(worker.name) is told to leave")
      tell(worker, .drain)
    }
  }

  private func perform(_ action: AgentAction, of worker: WorkerNode) {
    guard worker.isUp else { return }
    switch action {
    case .connect(let number):
      trace.say(now, "\(worker.name) connects")
      openStream(number, from: worker)
    case .disconnect(let number): closeByAgent(number, of: worker)
    case .send(let number, let message):
      trace.mix(message.code)
      if case .rejected(_, let reason) = message { coverage.add(.rejection, reason) }
      send(message, on: number, from: worker)
    case .spawn(let assignment): spawn(assignment, on: worker)
    case .kill(let ref, let reason): kill(ref, reason, on: worker)
    case .setDeadline(let boot): setDeadline(boot, of: worker)
    case .arm(let timer, let boot):
      worker.timers[timer.slot] += 1
      let due = max(now, worker.clock.time(ofBoot: boot)) + dice.timers.between(0, 2 * millisecond)
      queue.plan(
        .agentTimer(worker: worker.index, run: worker.run, timer, generation: worker.timers[timer.slot]), at: due)
    case .forget(let ref): checker.forgot(ref, by: worker.agent.ref, store: store.state, now)
    case .logAcked: break
    case .logsTo(let number): worker.logsTo = number
    case .renew:
      queue.plan(
        .agentRenewed(worker: worker.index, run: worker.run), at: now + dice.processes.between(0, 30 * millisecond))
    case .finished:
      trace.say(now, "\(worker.name) has left")
      coverage.add(worker.agent.counters)
      checker.left(worker.agent.ref, running: worker.processes.count, now)
      worker.isUp = false
      // What was sent before still goes out.
      for (_, id) in worker.streams where !streams[id].overAtAgent {
        streams[id].overAtAgent = true
        push(toServer: .end, on: id)
      }
      queue.plan(.restartWorker(worker.index), at: now + dice.faults.skewed(100 * millisecond, 20 * second))
    }
  }

  func agentTimer(_ index: Int, run: Int, _ timer: AgentTimer, generation: Int) {
    let worker = workers[index]
    guard worker.run == run, worker.timers[timer.slot] == generation else { return }
    tell(worker, .timer(timer))
  }

  func agentRenewed(_ index: Int, run: Int) {
    let worker = workers[index]
    guard worker.run == run, worker.isUp else { return }
    checker.left(worker.agent.ref, running: worker.processes.count, now)
    tell(worker, .renewed(incarnation: worker.nextIncarnation(at: now)))
  }
}
