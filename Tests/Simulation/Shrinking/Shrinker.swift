/// Finds out what of a failing seed's world its failure needs: leaves out faults (by halves and ever smaller parts: Zeller's
/// ddmin), workers, jobs, what goes wrong by chance, and time, as long as the same promise is broken.
///
/// Whatever is left out shifts everything after it, so that each smaller world is tried under several sequences of chance.
package struct Shrinker {
  package struct Outcome {
    package let seed: UInt64
    package let plant: Plant?
    package let reduction: Reduction
    package let report: RunReport
    package let runs: Int
  }

  let seed: UInt64
  let plant: Plant?
  /// Runs that may be spent.
  private let budget: Int
  private let dicePerTry: UInt64 = 4
  private var runs = 0
  private var best = Reduction()
  private var report: RunReport

  package init(seed: UInt64, plant: Plant?, budget: Int = 1_500) {
    self.seed = seed
    self.plant = plant
    self.budget = budget
    report = World.run(seed: seed, plant: plant)
  }

  /// Nil when the seed breaks no promise.
  package consuming func shrink(progress: (String) -> Void = { _ in }) -> Outcome? {
    guard report.violation != nil else { return nil }
    best.strikes = Scenario(seed: seed).strikes.map(\.number)
    var size = best.size + 1
    while best.size < size, runs < budget {
      size = best.size
      shorten()
      dropStrikes()
      dropRates()
      dropWorkersAndJobs()
      progress("\(runs) runs: \(best.strikes?.count ?? 0) faults are left")
    }
    return Outcome(seed: seed, plant: plant, reduction: best, report: report, runs: runs)
  }

  /// Takes the smaller world if the same promise is broken in it.
  private mutating func tries(_ change: (inout Reduction) -> Void) -> Bool {
    for round in 0..<dicePerTry where runs < budget {
      var candidate = best
      change(&candidate)
      candidate.dice = round == 0 ? best.dice : UInt64(runs + 1)
      runs += 1
      let result = World.run(seed: seed, reduction: candidate, plant: plant)
      guard result.violation?.promise == report.violation?.promise else { continue }
      best = candidate
      report = result
      return true
    }
    return false
  }

  private mutating func shorten() {
    let at = Int64(report.violation?.at ?? 600)
    for storm in [Int64(60), 120, 240, at + 1] where storm < best.storm ?? 600 {
      let strikes = Scenario(seed: seed).strikes
      let kept = best.strikes?.filter { strikes[$0].at < storm * second }
      if tries({
        $0.storm = storm; $0.strikes = kept
      }) {
        return
      }
    }
  }

  private mutating func dropStrikes() {
    var parts = 2
    while let all = best.strikes, !all.isEmpty, runs < budget {
      let length = max(1, all.count / parts)
      var isSmaller = false
      for start in stride(from: 0, to: all.count, by: length) {
        let part = Set(all[start..<min(start + length, all.count)])
        guard tries({ $0.strikes?.removeAll(where: part.contains) }) else { continue }
        isSmaller = true
        break
      }
      if isSmaller { parts = max(2, parts - 1) } else if length == 1 { return } else { parts *= 2 }
    }
  }

  private mutating func dropRates() {
    for (name, _) in Rates.all where !best.quiet.contains(name) { _ = tries { $0.quiet.insert(name) } }
  }

  private mutating func dropWorkersAndJobs() {
    for worker in Scenario(seed: seed).workers.indices.reversed() where !best.omittedWorkers.contains(worker) {
      _ = tries { $0.omittedWorkers.insert(worker) }
    }
    for job in (0..<World.mostJobs).reversed() where !best.omittedJobs.contains(job) {
      _ = tries { $0.omittedJobs.insert(job) }
    }
  }
}

extension Reduction {
  /// What is left, as a number that each step of shrinking makes smaller.
  fileprivate var size: Int {
    (strikes?.count ?? 1_000) * 100 - omittedWorkers.count - omittedJobs.count - quiet.count + Int(storm ?? 600)
  }
}
