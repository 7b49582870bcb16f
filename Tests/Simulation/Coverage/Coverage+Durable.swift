import SwitchyardModel

/// What the store's answers tell.
extension Coverage {
  mutating func add(_ ops: [StoreOp], _ results: [OpResult]) {
    for (op, result) in zip(ops, results) {
      add(.operation, "\(op.verb.word): \(result.word)")
      guard result == .applied else { continue }
      switch op.verb {
      case .finish(let finish): add(.ending, "\(finish.outcome.name) → \(finish.next.word)")
      case .createInstance(let instance, _) where instance.state == .skipped:
        if let skip = Skip(result: instance.result) { add(.world, "skipped: \(skip.reason.rawValue)") }
      case .judgeWorker(_, _, let verdict, _): add(.world, "verdict: \(verdict)")
      default: break
      }
    }
  }

  /// A durable transition, as the checker saw it.
  mutating func add(from old: InstanceState?, to new: InstanceState, by verb: String) {
    add(.instance, "\(old?.name ?? "nothing") → \(new.name) by \(verb)")
  }
}

extension StoreOp.Verb {
  var word: String {
    switch self {
    case .createJob: "createJob"
    case .editJob: "editJob"
    case .setJobState: "setJobState"
    case .createInstance: "createInstance"
    case .dispatch: "dispatch"
    case .finish: "finish"
    case .settle: "settle"
    case .requestStop: "requestStop"
    case .putWorker: "putWorker"
    case .judgeWorker: "judgeWorker"
    case .purgeInstances: "purgeInstances"
    case .purgeJob: "purgeJob"
    case .purgeWorker: "purgeWorker"
    case .access: "access"
    case .putPolicy: "putPolicy"
    }
  }
}

extension OpResult {
  var word: String {
    switch self {
    case .applied: "applied"
    case .conflict: "conflict"
    case .duplicate: "duplicate"
    case .fenced: "fenced"
    }
  }
}

extension Finish.Next {
  var word: String {
    switch self {
    case .end(let state): state.name
    case .wait: "waiting"
    case .hold: "held"
    }
  }
}
