import SwitchyardCore
import SwitchyardModel

/// What goes wrong, and how the world is healed for its calm end.
extension World {
  func faultStrikes() {
    guard !isCalm else { return }
    queue.plan(.fault, at: now + dice.faults.between(scenario.faultEvery / 4, scenario.faultEvery * 2))
    guard let fault = dice.faults.pick(scenario.faults) else { return }
    let worker = workers[Int(dice.faults.below(UInt64(workers.count)))]
    if strike(fault, worker) {
      cover("fault: \(fault)")
      trace.say(now, "FAULT \(fault) \(worker.name)")
    }
  }

  /// Returns whether there was anything to strike.
  private func strike(_ fault: Fault, _ worker: WorkerNode) -> Bool {
    switch fault {
    case .breakStream, .breakAtAgent, .breakAtServer:
      guard let (_, id) = worker.streams.last, streams[id].opened, !streams[id].overAtAgent else { return false }
      breakStream(id, heardAtAgent: fault != .breakAtServer, heardAtServer: fault != .breakAtAgent)
    case .partition, .partitionToServer, .partitionToAgent:
      let until = now + dice.faults.skewed(200 * millisecond, 40 * second)
      if fault != .partitionToAgent { worker.cutToServerUntil = max(worker.cutToServerUntil, until) }
      if fault != .partitionToServer { worker.cutToAgentUntil = max(worker.cutToAgentUntil, until) }
    case .pauseWorker:
      guard worker.isUp, !worker.isPaused else { return false }
      pause(worker, for: dice.faults.skewed(300 * millisecond, 40 * second))
    case .pauseServer:
      guard server.isUp, !server.isPaused else { return false }
      pauseServer(for: dice.faults.skewed(100 * millisecond, 30 * second))
    case .crashWorker:
      guard worker.isUp else { return false }
      crashWorker(worker, silently: dice.faults.chance(300))
      queue.plan(.restartWorker(worker.index), at: now + dice.faults.skewed(100 * millisecond, 40 * second))
    case .vanishWorker:
      guard worker.isUp, worker.plan.mayVanish, dice.faults.chance(150) else { return false }
      crashWorker(worker, silently: true)
      worker.isGone = true
    case .loseDirectory:
      // The machine is set up anew: nothing runs, and nothing proves it.
      guard worker.isUp else { return false }
      crashWorker(worker, silently: dice.faults.chance(500))
      worker.lineage = dice.faults.next() >> 1
      queue.plan(.restartWorker(worker.index), at: now + dice.faults.skewed(second, 20 * second))
    case .drainWorker:
      guard worker.isUp, !worker.isPaused else { return false }
      tell(worker, .drain)
    case .crashServer:
      guard server.isUp else { return false }
      crashServer()
      queue.plan(.restartServer, at: now + dice.faults.skewed(50 * millisecond, 20 * second))
    case .stopServer:
      guard server.isUp, !server.isStopping, !server.isPaused else { return false }
      server.isStopping = true
      tellServer(.shutdown)
    case .storeDown: store.downUntil = now + dice.faults.skewed(50 * millisecond, 20 * second)
    case .storeSlow: store.slowUntil = now + dice.faults.skewed(second, 20 * second)
    case .unknownBurst: store.unknownUntil = now + dice.faults.skewed(100 * millisecond, 3 * second)
    case .wallJump: worker.wallOffset += dice.faults.between(-3_600 * second, 3_600 * second)
    }
    return true
  }

  /// From here on nothing goes wrong any more.
  func calmDown() {
    trace.say(now, "the world calms down")
    isCalm = true
    scenario.abortedCommits = 0
    scenario.unknownCommits = 0
    scenario.slowCommits = 0
    scenario.failedReads = 0
    scenario.failedClaims = 0
    scenario.lateMessages = 0
    scenario.longAttempts = 0
    store.downUntil = min(store.downUntil, now)
    store.slowUntil = min(store.slowUntil, now)
    store.unknownUntil = min(store.unknownUntil, now)
    for worker in workers {
      worker.cutToServerUntil = min(worker.cutToServerUntil, now)
      worker.cutToAgentUntil = min(worker.cutToAgentUntil, now)
      resume(worker)
      if !worker.isUp { queue.plan(.restartWorker(worker.index), at: now + second) }
    }
    resumeServer()
    if !server.isUp { queue.plan(.restartServer, at: now + second) }
  }
}
