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
  /// What a paused process finds when it wakes up.
  var mailbox: [AgentEvent] = []

  let bootOffset: Int64
  var wallOffset: Int64
  var timers = [0, 0, 0]
  /// When shims kill by themselves, in true time.
  var deadline: Int64?

  /// The last streams it opened.
  var streams: [(number: ConnectionNumber, stream: Int)] = []
  var cutToServerUntil: Int64 = 0
  var cutToAgentUntil: Int64 = 0

  /// What runs here, by index into the world's processes.
  var processes: [Int] = []

  init(index: Int, plan: Scenario.WorkerPlan, random: SeededRandom) {
    var random = random
    self.index = index
    self.plan = plan
    lineage = random.next() >> 1
    bootOffset = random.between(0, 1_000_000 * second)
    wallOffset = random.between(-2 * second, 2 * second)
    self.random = random
    agent = AgentMachine(name: plan.name, lineage: 0, incarnation: 0, profile: WorkerProfile(apps: [], slots: 0))
  }

  var name: String { plan.name }

  func instants(at now: Int64, wallStart: Int64) -> Instants {
    Instants(
      wall: Timestamp(nanoseconds: wallStart + now + wallOffset), boot: BootTime(nanoseconds: now + bootOffset))
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
    worker.incarnation += 1
    worker.isUp = true
    worker.isPaused = false
    worker.mailbox = []
    worker.deadline = nil
    let profile = WorkerProfile(apps: ["sim"], slots: worker.plan.slots, tags: worker.plan.tags)
    worker.agent = AgentMachine(
      name: worker.name, lineage: worker.lineage, incarnation: worker.incarnation, profile: profile)
    trace.say(now, "\(worker.name) starts as #\(worker.incarnation)")
    tell(worker, .start)
  }

  /// SIGKILL: shims see the end of their pipes and kill what they watch.
  func crashWorker(_ worker: WorkerNode, silently: Bool) {
    guard worker.isUp else { return }
    trace.say(now, "\(worker.name) crashes")
    worker.isUp = false
    worker.isPaused = false
    worker.mailbox = []
    worker.deadline = nil
    dropStreams(of: worker, silently: silently)
    for process in worker.processes {
      queue.plan(.processDies(process), at: now + dice.processes.between(0, 50 * millisecond))
    }
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

  func pause(_ worker: WorkerNode, for span: Int64) {
    guard worker.isUp, !worker.isPaused else { return }
    trace.say(now, "\(worker.name) is stopped for \(span / millisecond) ms")
    worker.isPaused = true
    queue.plan(.resumeWorker(worker.index, run: worker.run), at: now + span)
  }

  func resume(_ worker: WorkerNode) {
    guard worker.isPaused else { return }
    trace.say(now, "\(worker.name) goes on")
    worker.isPaused = false
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
    let instants = worker.instants(at: now, wallStart: scenario.wallStart)
    worker.agent.handle(event, at: instants, random: &worker.random, into: &actions)
    if plant == .resultsNotKept { fakeAcknowledgements(for: actions, to: worker) }
    for action in actions { perform(action, of: worker) }
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
      send(message, on: number, from: worker)
    case .spawn(let assignment): spawn(assignment, on: worker)
    case .kill(let ref, let reason): kill(ref, reason, on: worker)
    case .setDeadline(let boot): setDeadline(boot, of: worker)
    case .arm(let timer, let boot):
      worker.timers[timer.slot] += 1
      let due = max(now, boot.nanoseconds - worker.bootOffset) + dice.timers.between(0, 2 * millisecond)
      queue.plan(
        .agentTimer(worker: worker.index, run: worker.run, timer, generation: worker.timers[timer.slot]), at: due)
    case .forget(let ref): checker.forgot(ref, by: worker.agent.ref, store: store.state, now)
    case .logAcked, .logsTo: break
    case .renew:
      queue.plan(
        .agentRenewed(worker: worker.index, run: worker.run), at: now + dice.processes.between(0, 30 * millisecond))
    case .finished:
      trace.say(now, "\(worker.name) has left")
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
    worker.incarnation += 1
    cover("worker judged and renewed")
    tell(worker, .renewed(incarnation: worker.incarnation))
  }
}
