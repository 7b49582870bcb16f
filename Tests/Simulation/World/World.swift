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
  /// Until then the network delivers many messages twice.
  var doublesUntil: Int64 = 0
  /// For a planted bug: results that were sent.
  var sentOnce: Set<AttemptRef> = []
  /// Between a claim and the server's notice that it owns its shards.
  var isLoading = false
  var steps = 0
  var attempts = 0
  var coverage = Coverage()
  var observer: Observer?
  private var isOver = false

  /// After the storm: how long until schedules must be on time, and until everything must be at rest.
  static let schedulesMend = 60 * second
  static let patience = 600 * second

  init(_ scenario: Scenario, seed: UInt64, plant: Plant?, trace: Trace, observes: Bool) {
    self.seed = seed
    observer = observes ? Observer() : nil
    checker.coverage = observes ? Coverage() : nil
    self.plant = plant
    self.trace = trace
    self.scenario = scenario
    dice = Dice(seed: seed)
    var machines = SeededRandom(seed: mix64(seed &* 31 &+ 50))
    server = ServerNode(scenario, random: SeededRandom(seed: machines.next()))
    for (index, plan) in scenario.workers.enumerated() {
      workers.append(WorkerNode(index: index, plan: plan, scenario, random: SeededRandom(seed: machines.next())))
    }
    prepare()
  }

  private func prepare() {
    plantInStore()
    for worker in workers { worker.clock.measuresByWall = plant == .wallClockLeases }
    makeJobs()
    queue.plan(.restartServer, at: 0)
    for worker in workers where scenario.omittedWorkers.contains(worker.index) { worker.isGone = true }
    for worker in workers { queue.plan(.restartWorker(worker.index), at: dice.faults.between(0, 2 * second)) }
    queue.plan(.client, at: 500 * millisecond)
    for (index, strike) in scenario.strikes.enumerated() { queue.plan(.strike(index), at: strike.at) }
    queue.plan(.calm, at: scenario.stormEnds)
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

  var report: RunReport {
    var coverage = coverage
    if let durable = checker.coverage { coverage.add(durable) }
    for worker in workers where worker.isUp { coverage.add(worker.agent.counters) }
    return RunReport(
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
    case .serverTimer(let run, let place, let generation): serverTimer(run, place: place, generation: generation)
    case .agentTimer(let worker, let run, let timer, let generation):
      agentTimer(worker, run: run, timer, generation: generation)
    case .agentRenewed(let worker, let run): agentRenewed(worker, run: run)
    case .claimLands(let index): claimLands(index)
    case .claimAnswers(let index): claimAnswers(index)
    case .commitLands(let index): commitLands(index)
    case .commitAnswers(let index): commitAnswers(index)
    case .readAnswers(let index): readAnswers(index)
    case .laneDecides(let batch): laneDecides(batch)
    case .laneAnswers(let batch): laneAnswers(batch)
    case .viewChanges(let run): viewChanges(run: run)
    case .processBegins(let id): processBegins(id)
    case .processEnds(let id): processEnds(id)
    case .processFails(let id): processFails(id)
    case .processDies(let id): processDies(id)
    case .deadline(let worker, let run): deadlinePasses(worker, run: run)
    case .strike(let index): strikes(index)
    case .log(let worker, let number, let ref):
      send(.log(LogChunk(attempt: ref, offset: 0, bytes: [46])), on: number, from: workers[worker])
    case .forge(let worker): forge(by: workers[worker])
    case .client: clientActs()
    case .resumeWorker(let worker, let run): if workers[worker].run == run { resume(workers[worker]) }
    case .resumeServer(let run): if server.run == run { resumeServer() }
    case .restartWorker(let worker): restartWorker(workers[worker])
    case .removeWorker(let worker): removeWorker(workers[worker])
    case .crashWorker(let worker, let run): crashWorker(workers[worker], run: run)
    case .crashServer(let run): crashServer(run: run)
    case .stopServer(let run): stopServer(run: run)
    case .mendServerClock: mendServerClock()
    case .restartServer: startServer()
    case .calm:
      calmDown()
      queue.plan(.inspect, at: now + Self.schedulesMend)
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
    } else if now > scenario.stormEnds + Self.patience {
      checker.fail("everything comes to its end", unrest, now)
    } else {
      queue.plan(.inspect, at: now + second)
    }
  }
}
