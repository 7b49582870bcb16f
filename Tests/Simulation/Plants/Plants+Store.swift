import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage

/// Planted bugs in what the server makes of the store's answers.
extension World {
  func plantInStore() {
    switch plant {
    case .noEpochCheck: store.state.guards.remove(.epoch)
    case .noAttemptCheck: store.state.guards.remove(.attempt)
    case .noChainCheck: store.state.guards.remove(.chain)
    default: break
    }
  }

  func planted(_ page: OwnerPage?, for request: OwnerRead) -> OwnerPage? {
    switch (plant, request, page) {
    case (.overflowForgotten, .waiting(_, _, _, let limit), .instances(let rows)?) where rows.count == limit:
      return .instances(rows.dropLast())
    case (.missedIsIgnored, .dueJobs, .jobs(let jobs)?):
      return .jobs(jobs.filter { ($0.nextFire ?? .distantFuture).nanoseconds > checker.serverWall - second })
    case (.failedReadIsEmpty, _, nil): return request.emptyPage
    default: return page
    }
  }

  /// Whether the server forgets to give credits back in the step that follows this event.
  func leaksCredit(at event: ServerEvent) -> Bool {
    guard plant == .creditLeaked, case .committed(_, .done(let results)) = event else { return false }
    return results.contains { $0 != .applied }
  }

  /// Assignments go out with the commit, not after it.
  func sendAssignments(of group: CommitGroup) {
    guard plant == .sendBeforeCommit else { return }
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
}

extension OwnerRead {
  fileprivate var emptyPage: OwnerPage {
    switch self {
    case .dueJobs, .job: .jobs([])
    case .waiting, .placed, .queued, .instance: .instances([])
    case .workers, .worker: .workers([])
    }
  }
}
