import SwitchyardModel
import SwitchyardStorage

/// What random histories reach, so that their agreement says something.
package enum HistoryCoverage {
  /// All answers that the verbs give in the histories of these seeds, as `createJob applied`.
  package static func answers(of seeds: ClosedRange<UInt64>, groups: Int = 24) -> Set<String> {
    var answers: Set<String> = []
    for seed in seeds {
      var generator = HistoryGenerator(seed: seed)
      var model = ModelState()
      for group in 0..<groups {
        if generator.wantsClaim(first: group == 0) {
          let (shards, server) = generator.claim()
          if (try? model.claim(shards, for: server)) == nil { answers.insert("claim refused") }
        }
        let commit = generator.group(on: model)
        guard case .done(let results) = model.apply(commit) else {
          answers.insert("commit expelled")
          continue
        }
        for (op, result) in zip(commit.ops, results) { answers.insert("\(name(op.verb)) \(name(result))") }
      }
    }
    return answers
  }

  private static func name(_ verb: StoreOp.Verb) -> String {
    switch verb {
    case .createJob: "createJob"
    case .editJob: "editJob"
    case .setJobState: "setJobState"
    case .createInstance(_, nil): "createInstance"
    case .createInstance: "fire"
    case .dispatch: "dispatch"
    case .finish(let finish):
      switch finish.next {
      case .end: "end"
      case .wait: "wait"
      case .hold: "hold"
      }
    case .settle: "settle"
    case .requestStop: "requestStop"
    case .putWorker: "putWorker"
    case .judgeWorker: "judgeWorker"
    case .putPolicy: "putPolicy"
    case .purgeInstances: "purgeInstances"
    case .purgeJob: "purgeJob"
    case .purgeWorker: "purgeWorker"
    case .access(.putToken): "putToken"
    case .access(.rotateToken): "rotateToken"
    case .access(.revokeToken): "revokeToken"
    case .access(.usedTokens): "usedTokens"
    case .access(.trim): "trim"
    case .access(.note): "note"
    }
  }

  private static func name(_ result: OpResult) -> String {
    switch result {
    case .applied: "applied"
    case .conflict: "conflict"
    case .duplicate: "duplicate"
    case .fenced: "fenced"
    }
  }
}
