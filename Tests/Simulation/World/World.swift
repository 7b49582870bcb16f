import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage

/// One server, some workers, users and a store, in one thread and in virtual time; everything that happens
/// follows from the seed.
///
/// Time here is true time in nanoseconds since the beginning; what a machine's clocks show is its own affair.
/// A run has three parts: ten minutes in which things go wrong; a calm in which schedules must be on
/// time again; and an end in which all schedules are paused and everything must come to rest.
package final class World {
  let seed: UInt64
  var scenario: Scenario
  let plant: Plant?
  var now: Int64 = 0
  var queue = EventQueue()
  var trace: Trace
  var dice: Dice
  var checker = Checker()

  var streams: [Stream] = []
  var workers: [WorkerNode] = []
  var processes: [Process] = []
  let server: ServerNode
  var store = SimulatedStore()
  var lanes = Lanes()
  var client = Client()

  var isCalm = false
  /// Between a claim and the server's notice that it owns its shards.
  var isLoading = false
  var steps = 0
  var attempts = 0
  private var coverage: [String: Int] = [:]
  private var isOver = false

  static let stormEnds = 600 * second
  static let schedulesEnd = 660 * second
  static let patienceEnds = 1_200 * second

  init(seed: UInt64, plant: Plant?, trace: Trace) {
    self.seed = seed
    self.plant = plant
    self.trace = trace
    scenario = Scenario(seed: seed)
    dice = Dice(seed: seed)
    var machines = SeededRandom(seed: mix64(seed &* 31 &+ 50))
    server = ServerNode(scenario, random: SeededRandom(seed: machines.next()))
    for (index, plan) in scenario.workers.enumerated() {
      workers.append(WorkerNode(index: index, plan: plan, random: SeededRandom(seed: machines.next())))
    }
    prepare()
  }

  private func prepare() {
    if plant == .noEpochCheck { store.state.guards.remove(.epoch) }
    if plant == .noAttemptCheck { store.state.guards.remove(.attempt) }
    checker.wallStart = scenario.wallStart
    makeJobs()
    queue.plan(.restartServer, at: 0)
    for worker in workers { queue.plan(.restartWorker(worker.index), at: dice.faults.between(0, 2 * second)) }
    queue.plan(.client, at: 500 * millisecond)
    queue.plan(.fault, at: 15 * second + dice.faults.between(0, scenario.faultEvery))
    queue.plan(.calm, at: Self.stormEnds)
  }

  func run() {
    while !isOver, checker.violation == nil, let (time, event) = queue.next() {
      now = max(now, time)
      steps += 1
      trace.mix(now)
      trace.mix(event.code)
      happen(event)
    }
  }

  func cover(_ name: String) { coverage[name, default: 0] += 1 }

  var report: RunReport {
    RunReport(
      seed: seed, traceHash: trace.hash, violation: checker.violation, steps: steps,
      virtualSeconds: Double(now) / Double(second), instances: checker.instanceCount, attempts: attempts,
      coverage: coverage)
  }

  private func happen(_ event: WorldEvent) {
    switch event {
    case .streamOpens(let id): streamOpens(id)
    case .streamFails(let id): streamFails(id)
    case .deliverToServer(let id, let generation): deliverToServer(id, generation: generation)
    case .deliverToAgent(let id, let generation): deliverToAgent(id, generation: generation)
    case .serverHearsEnd(let id): endAtServer(id)
    case .agentHearsEnd(let id): endAtAgent(id)
    case .serverTimer(let run, let timer, let generation): serverTimer(run, timer, generation: generation)
    case .agentTimer(let worker, let run, let timer, let generation):
      agentTimer(worker, run: run, timer, generation: generation)
    case .agentRenewed(let worker, let run): agentRenewed(worker, run: run)
    case .claimLands(let index): claimLands(index)
    case .claimAnswers(let index): claimAnswers(index)
    case .commitLands(let index): commitLands(index)
    case .commitAnswers(let index): commitAnswers(index)
    case .readHappens(let index): readHappens(index)
    case .readAnswers(let index): readAnswers(index)
    case .laneDecides(let batch): laneDecides(batch)
    case .laneAnswers(let batch): laneAnswers(batch)
    case .viewChanges(let run): viewChanges(run: run)
    case .processBegins(let id): processBegins(id)
    case .processEnds(let id): processEnds(id)
    case .processFails(let id): report(processes[id], startedAt: nil)
    case .processDies(let id): processDies(id)
    case .deadline(let worker, let run): deadlinePasses(worker, run: run)
    case .fault: faultStrikes()
    case .client: clientActs()
    case .resumeWorker(let worker, let run): if workers[worker].run == run { resume(workers[worker]) }
    case .resumeServer(let run): if server.run == run { resumeServer() }
    case .restartWorker(let worker): restartWorker(workers[worker])
    case .restartServer: startServer()
    case .calm:
      calmDown()
      queue.plan(.inspect, at: Self.schedulesEnd)
    case .inspect: inspect()
    }
  }

  // MARK: The end

  private func inspect() {
    if !client.isWindingDown {
      checker.schedulesAreOnTime(store: store.state, now)
      client.isWindingDown = true
    }
    let unrest = restlessness
    if unrest.isEmpty {
      checker.finalCheck(store: store.state, now)
      checkRest()
      isOver = true
    } else if now > Self.patienceEnds {
      checker.fail("everything comes to its end", unrest, now)
    } else {
      queue.plan(.inspect, at: now + second)
    }
  }
}
