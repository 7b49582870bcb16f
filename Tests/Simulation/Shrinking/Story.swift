extension Shrinker.Outcome {
  /// The world that is left, for people, and how to see it happen.
  package var story: String {
    let scenario = Scenario(seed: seed).reduced(by: reduction)
    let workers = scenario.workers.enumerated().filter { !scenario.omittedWorkers.contains($0.offset) }
    var lines = ["\(report.violation?.description ?? "")", "needs, after \(runs) runs of ever smaller worlds:"]
    lines.append(
      "  workers: " + workers.map { "\($0.element.name) (\($0.element.slots) slots)" }.joined(separator: ", "))
    lines.append("  jobs: " + World.jobs(seed: seed, reduction).joined(separator: ", "))
    let rates = Rates.all.filter { scenario.rates[keyPath: $0.rate] > 0 }
    if !rates.isEmpty {
      lines.append(
        "  by chance: " + rates.map { "\($0.name) \(scenario.rates[keyPath: $0.rate])/1000" }.joined(separator: ", "))
    }
    for strike in scenario.strikes {
      let worker = strike.fault.meetsWorker ? " of \(scenario.workers[strike.worker].name)" : ""
      lines.append("  at \(strike.at / millisecond) ms: \(strike.fault)\(worker)")
    }
    let plant = plant.map { " --plant \($0.rawValue)" } ?? ""
    lines.append("replay: simulate --seed \(seed) --only \(reduction)\(plant) --trace")
    lines.append("the last of it:")
    return (lines + lastSteps(60)).joined(separator: "\n")
  }

  private func lastSteps(_ count: Int) -> [String] {
    let tail = Tail(count)
    _ = World.run(seed: seed, reduction: reduction, plant: plant, trace: tail.add)
    return tail.lines
  }
}

/// The last lines of a trace, without routine.
private final class Tail {
  private(set) var lines: [String] = []
  private let count: Int

  init(_ count: Int) { self.count = count }

  func add(_ line: String) {
    // What goes on all the time and tells nothing.
    guard !["timer shard", "read dueJobs", "read waiting", "heartbeat"].contains(where: line.contains) else { return }
    lines.append("  " + line)
    if lines.count > count { lines.removeFirst() }
  }
}
