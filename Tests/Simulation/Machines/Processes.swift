import SwitchyardCore
import SwitchyardModel

/// A process of a job, as it really is.
struct Process {
  let worker: Int
  let run: Int
  let assignment: Assignment
  let startedAt: Int64
  var outcome: AttemptOutcome
  var isOver = false
}

extension World {
  func spawn(_ assignment: Assignment, on worker: WorkerNode) {
    let ref = assignment.attempt
    let id = processes.count
    processes.append(
      Process(
        worker: worker.index, run: worker.run, assignment: assignment, startedAt: now, outcome: .succeeded))
    if worker.crashesAtSpawn {
      worker.crashesAtSpawn = false
      queue.plan(.crashWorker(worker.index, run: worker.run), at: now + dice.faults.between(0, 5 * millisecond))
    }
    if dice.processes.chance(scenario.rates.failedSpawns) {
      processes[id].outcome = .failed
      processes[id].isOver = true
      checker.failedToStart(ref)
      queue.plan(.processFails(id), at: now + millisecond)
      return
    }
    trace.say(now, "\(worker.name) runs \(describe(ref))")
    trace.mix(ref.instance.rawValue)
    worker.processes.append(id)
    attempts += 1
    checker.started(ref, on: worker.agent.ref, assignment, slots: worker.plan.slots, now)
    var length = dice.processes.skewed(200 * microsecond, 3 * second)
    if dice.processes.chance(scenario.rates.longAttempts) { length = dice.processes.between(5 * second, 60 * second) }
    if dice.processes.chance(scenario.rates.failingAttempts) { processes[id].outcome = .failed }
    if let timeout = assignment.definition.spec.timeout, timeout.nanoseconds < length {
      length = timeout.nanoseconds + dice.processes.between(0, assignment.definition.spec.grace.nanoseconds)
      processes[id].outcome = .timedOut
    }
    // A machine without memory takes its time.
    let delay =
      dice.processes.chance(10)
      ? dice.processes.skewed(10 * millisecond, 20 * second) : dice.processes.between(0, 3 * millisecond)
    queue.plan(.processBegins(id), at: now + delay)
    queue.plan(.processEnds(id), at: now + length)
  }

  func processBegins(_ id: Int) {
    let process = processes[id]
    let worker = workers[process.worker]
    guard !process.isOver, worker.run == process.run, !waits(.processBegins(id), for: worker) else { return }
    tell(worker, .spawned(process.assignment.attempt, at: began(process, on: worker)))
    if dice.processes.chance(50) {
      tell(worker, .metrics(WorkerMetrics(numbers: [WorkerMetrics.Number(name: "load", value: Double(id % 8))])))
    }
  }

  func processEnds(_ id: Int) {
    guard !processes[id].isOver, !waits(.processEnds(id), for: workers[processes[id].worker]) else { return }
    end(id, processes[id].outcome)
  }

  /// Killed by its shim: the worker is gone, or did not move the deadline.
  func processDies(_ id: Int) {
    guard !processes[id].isOver, !waits(.processDies(id), for: workers[processes[id].worker]) else { return }
    end(id, .isolated)
  }

  func end(_ id: Int, _ outcome: AttemptOutcome) {
    processes[id].isOver = true
    processes[id].outcome = outcome
    let process = processes[id]
    let worker = workers[process.worker]
    trace.say(now, "\(worker.name) ends \(describe(process.assignment.attempt)) \(outcome)")
    trace.mix(UInt64(outcome.rawValue))
    worker.processes.removeAll { $0 == id }
    checker.ended(process.assignment.attempt, outcome, now)
    guard worker.run == process.run else { return }
    report(process, startedAt: began(process, on: worker))
  }

  func processFails(_ id: Int) {
    guard !waits(.processFails(id), for: workers[processes[id].worker]) else { return }
    report(processes[id], startedAt: nil)
  }

  private func report(_ process: Process, startedAt: Timestamp?) {
    let worker = workers[process.worker]
    guard worker.run == process.run else { return }
    if let number = worker.logsTo, dice.processes.chance(100) {
      queue.plan(
        .log(worker: worker.index, number, process.assignment.attempt),
        at: now + dice.processes.skewed(millisecond, second))
    }
    tell(
      worker,
      .ended(
        AttemptResult(
          attempt: process.assignment.attempt, outcome: process.outcome, startedAt: startedAt,
          endedAt: worker.clock.instants(at: now).wall)))
  }

  func kill(_ ref: AttemptRef, _ reason: KillReason, on worker: WorkerNode) {
    guard let id = worker.processes.last(where: { processes[$0].assignment.attempt == ref }) else { return }
    trace.say(now, "\(worker.name) kills \(describe(ref)) \(reason)")
    coverage.add(.world, "killed: \(reason)")
    switch reason {
    case .isolated:
      queue.plan(.processDies(id), at: now + dice.processes.between(0, 100 * millisecond))
    case .stopped:
      processes[id].outcome = dice.processes.chance(100) ? .succeeded : .stopped
      let grace = processes[id].assignment.definition.spec.grace.nanoseconds
      queue.plan(.processEnds(id), at: now + dice.processes.skewed(100 * microsecond, grace))
    }
  }

  // MARK: Shims

  func setDeadline(_ boot: BootTime?, of worker: WorkerNode) {
    guard let boot else {
      worker.deadline = nil
      return
    }
    worker.deadline = boot
    queue.plan(.deadline(worker: worker.index, run: worker.run), at: max(now, worker.clock.time(ofBoot: boot)))
  }

  func deadlinePasses(_ index: Int, run: Int) {
    let worker = workers[index]
    guard worker.run == run, let deadline = worker.deadline, deadline.nanoseconds <= worker.clock.boot(at: now),
      !waits(.deadline(worker: index, run: run), for: worker), plant != .shimsNeverKill
    else { return }
    for id in worker.processes where processes[id].assignment.definition.spec.whenIsolated == .kill {
      coverage.add(.world, "killed by a shim at its deadline")
      queue.plan(.processDies(id), at: now + dice.processes.between(0, 50 * millisecond))
    }
  }

  private func began(_ process: Process, on worker: WorkerNode) -> Timestamp {
    Timestamp(nanoseconds: worker.clock.wall(at: process.startedAt))
  }
}
