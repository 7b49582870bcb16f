import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage

/// Planted bugs in what servers and workers say to each other.
extension World {
  // MARK: Towards the worker

  func planted(_ message: ServerMessage) -> ServerMessage {
    switch (plant, message) {
    case (.leaseTooLong, .welcome(var welcome)):
      welcome.lease = welcome.lease + .seconds(8)
      return .welcome(welcome)
    // The worker's own fence sees nothing old either.
    case (.noEpochCheck, .dispatch(var assignment)):
      assignment.epoch = checker.epochs[Int(assignment.shard.number)]
      return .dispatch(assignment)
    case (.noEpochCheck, .stop(let ref, let shard, _)):
      return .stop(ref, shard: shard, epoch: checker.epochs[Int(shard.number)])
    default: return message
    }
  }

  /// What the agent does not do, because it knows better.
  func runDouble(_ message: ServerMessage, on worker: WorkerNode) {
    guard plant == .doublesRun, case .dispatch(let assignment) = message, worker.isUp, !worker.isPaused,
      worker.processes.contains(where: { processes[$0].assignment.attempt == assignment.attempt })
    else { return }
    spawn(assignment, on: worker)
  }

  // MARK: Towards the server

  func planted(_ hello: Hello) -> Hello {
    guard plant == .absentIsFinished else { return hello }
    var hello = hello
    for id in checker.active where checker.rows[id]?.state == .dispatched && checker.rows[id]?.worker == hello.ref {
      let ref = AttemptRef(instance: id, attempt: checker.rows[id]?.attempt ?? 0)
      guard !hello.inventory.contains(where: { $0.attempt == ref }) else { continue }
      hello.inventory.append(InventoryItem(attempt: ref, slots: 1, finished: true, startedAt: nil))
    }
    return hello
  }

  /// Whether a worker keeps this to itself.
  func withholds(_ message: WorkerMessage) -> Bool {
    guard plant == .resultsSentOnce, case .result(let result) = message else { return false }
    return !sentOnce.insert(result.attempt).inserted
  }

  /// Results are acknowledged to the worker before anything is written.
  func fakeAcknowledgements(for actions: AgentActions, to worker: WorkerNode) {
    for case .send(let number, .result(let result)) in actions {
      guard let id = worker.stream(number) else { continue }
      push(toAgent: .message(.resultAck(result.attempt)), on: id)
    }
  }

  /// A result of an attempt that is over is taken for one of the attempt that the row has now.
  func withNewestAttempt(_ message: WorkerMessage) -> (ConnectionID, WorkerMessage)? {
    guard plant == .noAttemptCheck, case .result(var result) = message,
      let instance = store.state.instance(result.attempt.instance),
      instance.state == .dispatched || instance.state == .stopping, instance.attempt > result.attempt.attempt,
      let worker = workers.first(where: { $0.agent.ref == instance.worker }), let stream = worker.streams.last?.stream
    else { return nil }
    result.attempt.attempt = instance.attempt
    return (ConnectionID(UInt64(stream)), .result(result))
  }

  func sayGoodbye(_ worker: WorkerNode) {
    guard let id = worker.streams.last?.stream, streams[id].opened, !streams[id].overAtAgent else { return }
    push(toServer: .message(.goodbye), on: id)
  }
}
