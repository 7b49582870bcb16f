import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage

/// The planted bugs that are more than a guard taken away from the store.
extension World {
  /// Results are acknowledged to the worker before anything is written.
  func fakeAcknowledgements(for actions: AgentActions, to worker: WorkerNode) {
    for case .send(let number, .result(let result)) in actions {
      guard let id = worker.stream(number) else { continue }
      push(toAgent: .message(.resultAck(result.attempt)), on: id)
    }
  }

  /// Assignments go out with the commit, not after it.
  func sendAssignments(of group: CommitGroup) {
    var created: [InstanceID: Instance] = [:]
    for op in group.ops {
      if case .createInstance(let instance, _) = op.verb { created[instance.id] = instance }
      guard case .dispatch(let dispatch) = op.verb, case .shard(let shard, let epoch) = op.authority,
        let instance = created[dispatch.instance] ?? store.state.instance(dispatch.instance),
        let definition = store.state.definition(job: instance.job, version: instance.jobVersion),
        let worker = workers.first(where: { $0.agent.ref == dispatch.worker }),
        let stream = worker.streams.last?.stream
      else { continue }
      let ref = AttemptRef(instance: dispatch.instance, attempt: dispatch.expectedAttempt + 1)
      let assignment = Assignment(
        attempt: ref, shard: shard, epoch: epoch, definition: definition, parameters: instance.parameters,
        dueAt: instance.dueAt)
      send(.dispatch(assignment), on: ConnectionID(UInt64(stream)))
    }
  }

  /// A result of an attempt that is over is taken for one of the attempt that the row has now.
  func withNewestAttempt(_ message: WorkerMessage) -> (ConnectionID, WorkerMessage)? {
    guard case .result(var result) = message, let instance = store.state.instance(result.attempt.instance),
      instance.state == .dispatched || instance.state == .stopping, instance.attempt > result.attempt.attempt,
      let worker = workers.first(where: { $0.agent.ref == instance.worker }), let stream = worker.streams.last?.stream
    else { return nil }
    result.attempt.attempt = instance.attempt
    return (ConnectionID(UInt64(stream)), .result(result))
  }

  /// The worker's own fence sees nothing old either.
  func withNewestEpoch(_ message: ServerMessage) -> ServerMessage {
    switch message {
    case .dispatch(var assignment):
      assignment.epoch = checker.epochs[Int(assignment.shard.number)]
      return .dispatch(assignment)
    case .stop(let ref, let shard, _): return .stop(ref, shard: shard, epoch: checker.epochs[Int(shard.number)])
    default: return message
    }
  }
}
