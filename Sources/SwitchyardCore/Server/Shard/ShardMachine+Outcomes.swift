import SwitchyardModel

/// The outcome of an operation goes to whom it concerns, which the operation itself tells.
extension ShardMachine {
  mutating func done(_ verb: StoreOp.Verb, _ result: OpResult, _ board: inout Switchboard) {
    switch verb {
    case .createInstance(let instance, let due): created(instance, due, result, &board)
    case .dispatch(let dispatch): dispatched(dispatch, result, &board)
    case .finish(let finish): finished(finish, result, &board)
    case .settle(let settlement): settled(settlement, result, &board)
    case .requestStop(let id, _): stopRequested(id, result, &board)
    case .createJob(let job): jobCreated(job, result, &board)
    case .editJob(let job): jobEdited(job, result, &board)
    case .setJobState(let change): jobStateSet(change, result, &board)
    case .putWorker, .judgeWorker, .putPolicy, .purgeInstances, .purgeJob, .purgeWorker, .access: break
    }
  }
}
