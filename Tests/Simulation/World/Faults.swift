import SwitchyardCore
import SwitchyardModel

/// What each fault does, and how the world is healed for its calm end.
extension World {
  func strikes(_ index: Int) {
    guard !isCalm else { return }
    var strike = scenario.strikes[index]
    let worker = workers[strike.worker]
    guard hit(strike.fault, worker, &strike.random) else { return }
    coverage.add(.fault, "\(strike.fault)")
    trace.say(now, "FAULT \(strike.fault)\(strike.fault.meetsWorker ? " \(worker.name)" : "")")
  }

  /// Returns whether there was anything to hit.
  private func hit(_ fault: Fault, _ worker: WorkerNode, _ random: inout SeededRandom) -> Bool {
    switch fault.place {
    case .network: hitNetwork(fault, worker, &random)
    case .worker: hitWorker(fault, worker, &random)
    case .server: server.isUp && !server.isPaused && hitServer(fault, &random)
    case .store: hitStore(fault, &random)
    case .users: burst(&random)
    }
  }

  private func hitStore(_ fault: Fault, _ random: inout SeededRandom) -> Bool {
    switch fault {
    case .storeDown: store.downUntil = max(store.downUntil, now + random.skewed(50 * millisecond, 20 * second))
    case .storeFull: store.downUntil = now + random.between(60 * second, 180 * second)
    case .storeSlow: store.slowUntil = now + random.skewed(second, 20 * second)
    case .storeStall: store.stalledUntil = now + random.between(5 * second, 40 * second)
    case .unknownBurst: store.unknownUntil = now + random.skewed(100 * millisecond, 3 * second)
    case .meddle: return meddle(&random)
    case .meddleAhead: store.rivals = random.between(1...12)
    default: return false
    }
    return true
  }

  private func hitNetwork(_ fault: Fault, _ worker: WorkerNode, _ random: inout SeededRandom) -> Bool {
    switch fault {
    case .doubleMessages: doublesUntil = now + random.skewed(second, 40 * second)
    case .partition, .partitionToServer, .partitionToAgent:
      let until = now + random.skewed(200 * millisecond, 40 * second)
      if fault != .partitionToAgent { worker.cutToServerUntil = max(worker.cutToServerUntil, until) }
      if fault != .partitionToServer { worker.cutToAgentUntil = max(worker.cutToAgentUntil, until) }
    case .forgeMessages:
      for _ in 0..<random.between(1...12) {
        queue.plan(.forge(worker: worker.index), at: now + random.between(0, 5 * second))
      }
    default:
      guard let (_, id) = worker.streams.last, streams[id].opened, !streams[id].overAtAgent else { return false }
      breakStream(id, heardAtAgent: fault != .breakAtServer, heardAtServer: fault != .breakAtAgent)
    }
    return true
  }

  private func hitWorker(_ fault: Fault, _ worker: WorkerNode, _ random: inout SeededRandom) -> Bool {
    guard worker.isUp, !worker.isStill(at: now) else { return false }
    switch fault {
    case .pauseWorker: return pause(worker, for: random.skewed(300 * millisecond, 40 * second))
    case .suspendMachine: return still(worker, for: random.skewed(second, 60 * second), clocksStop: false)
    case .freezeMachine: return still(worker, for: random.skewed(second, 60 * second), clocksStop: true)
    case .crashWorker:
      crashWorker(worker, silently: random.chance(300))
      queue.plan(.restartWorker(worker.index), at: now + random.skewed(100 * millisecond, 40 * second))
    case .crashWorkerAtSpawn: worker.crashesAtSpawn = true
    case .vanishWorker:
      guard worker.plan.mayVanish, random.chance(150) else { return false }
      crashWorker(worker, silently: true)
      worker.isGone = true
    case .loseDirectory:
      // The machine is set up anew, and its clock with it. A number below the last would take until the clock has passed it.
      guard worker.incarnation < UInt64(scenario.wallStart + now) / 1_000_000 + 20_000 else { return false }
      crashWorker(worker, silently: random.chance(500))
      worker.lineage = random.next() >> 1
      worker.incarnation = 0
      worker.clock.wallOffset = 0
      queue.plan(.restartWorker(worker.index), at: now + random.skewed(second, 20 * second))
    case .twinWorker:
      guard workers.count < scenario.workers.count + 2 else { return false }
      let twin = WorkerNode(
        index: workers.count, plan: worker.plan, scenario, random: SeededRandom(seed: random.next()))
      workers.append(twin)
      queue.plan(.restartWorker(twin.index), at: now)
      queue.plan(.removeWorker(twin.index), at: now + random.between(5 * second, 120 * second))
    case .drainWorker:
      guard !worker.isPaused else { return false }
      if plant == .goodbyeWhileWork { sayGoodbye(worker) }
      if random.chance(300) {
        worker.drainsWhenJudged = true
      } else {
        // Or it is silent about that time, and not for so long that it is judged: with work after it has heard of
        // it, without before.
        let silence = random.chance(300) ? random.between(9 * second, 13 * second) : 0
        let works = !worker.processes.isEmpty
        if silence > 0, !works { _ = pause(worker, for: silence) }
        tell(worker, .drain)
        if silence > 0, works { _ = pause(worker, for: silence) }
      }
    case .stepWorkerClock: worker.clock.wallOffset += random.between(-3_600 * second, 3_600 * second)
    default: return false
    }
    return true
  }

  private func hitServer(_ fault: Fault, _ random: inout SeededRandom) -> Bool {
    switch fault {
    case .crashServer:
      crashServer()
      queue.plan(.restartServer, at: now + random.skewed(50 * millisecond, 20 * second))
    case .crashServerAtClaim:
      server.crashesAtClaim = random.between(1...3)
      crashServer()
      queue.plan(.restartServer, at: now + random.skewed(50 * millisecond, second))
    case .crashServerAtCommit: server.crashesAtCommit = random.between(1...20)
    case .stopServer:
      guard !server.isStopping else { return false }
      stopServer(run: server.run)
    case .stopServerAtClaim:
      server.stopsAtClaim = true
      crashServer()
      queue.plan(.restartServer, at: now + random.skewed(50 * millisecond, second))
    case .pauseServer: pauseServer(for: random.skewed(100 * millisecond, 30 * second), clocksStop: false)
    case .freezeServer:
      let span = random.skewed(100 * millisecond, 30 * second)
      pauseServer(for: span, clocksStop: true)
      server.clockIsLateBy += span
      queue.plan(.mendServerClock, at: now + span + random.skewed(10 * millisecond, 30 * second))
    case .stepServerClock:
      let step = random.skewed(5 * millisecond, 120 * second) * (random.chance(500) ? 1 : -1)
      // What was stored before a step back waits for its time; it must come before the world's patience ends.
      guard abs(server.stepped + step) <= 200 * second else { return false }
      server.stepped += step
      stepServerClock(by: step)
    case .leapServerClock: stepServerClock(by: random.skewed(3_600 * second, 200_000 * second))
    default: return false
    }
    return true
  }

  /// Somebody sets the clock of a machine that stood still.
  func mendServerClock() {
    guard server.clockIsLateBy > 0, server.clockStoppedAt == nil else { return }
    stepServerClock(by: server.clockIsLateBy)
    server.clockIsLateBy = 0
  }

  private func stepServerClock(by step: Int64) {
    trace.say(now, "the server's clock is set by \(step / millisecond) ms")
    server.clock.wallOffset += step
  }

  /// From here on nothing goes wrong any more.
  func calmDown() {
    trace.say(now, "the world calms down")
    isCalm = true
    for (_, rate) in Rates.all { scenario.rates[keyPath: rate] = 0 }
    store.heal(now)
    doublesUntil = min(doublesUntil, now)
    server.crashesAtClaim = 0
    server.stopsAtClaim = false
    server.crashesAtCommit = 0
    for worker in workers {
      worker.crashesAtSpawn = false
      worker.drainsWhenJudged = false
      worker.cutToServerUntil = min(worker.cutToServerUntil, now)
      worker.cutToAgentUntil = min(worker.cutToAgentUntil, now)
      resume(worker)
      if worker.index >= scenario.workers.count { removeWorker(worker) }
      if !worker.isUp { queue.plan(.restartWorker(worker.index), at: now + second) }
    }
    resumeServer()
    mendServerClock()
    if !server.isUp { queue.plan(.restartServer, at: now + second) }
  }
}
