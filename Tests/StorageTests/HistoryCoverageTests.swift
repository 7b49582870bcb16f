import StorageConformance
import Testing

@Suite struct HistoryCoverageTests {
  @Test("random histories get every answer out of every verb")
  func reachesEverything() {
    let plain = ["editJob", "dispatch", "end", "wait", "hold", "settle"]
    let unique = ["createJob", "setJobState", "createInstance", "fire", "requestStop"]
    var wanted: Set = ["claim refused", "commit expelled", "judgeWorker duplicate"]
    for verb in plain + unique { wanted.formUnion(["applied", "conflict", "fenced"].map { "\(verb) \($0)" }) }
    for verb in unique { wanted.insert("\(verb) duplicate") }
    for verb in ["putWorker", "judgeWorker", "putPolicy", "purgeInstances", "purgeJob", "purgeWorker"] {
      wanted.formUnion(["\(verb) applied", "\(verb) conflict"])
    }
    for verb in ["putToken", "revokeToken"] {
      wanted.formUnion(["applied", "conflict", "duplicate"].map { "\(verb) \($0)" })
    }
    wanted.formUnion([
      "rotateToken applied", "rotateToken conflict", "usedTokens applied", "trim applied", "note applied",
    ])
    let missing = wanted.subtracting(HistoryCoverage.answers(of: 1...300))
    #expect(missing.isEmpty, "never reached: \(missing.sorted())")
  }
}
