import SwitchyardModel

/// What of a seed's world is left out. As text it is an argument of `simulate`, so that a reduced run is replayed
/// by its seed and this.
package struct Reduction: Hashable, Sendable {
  /// Faults by number; nil: all.
  package var strikes: [Int]?
  /// Workers and jobs that are left out, by number.
  package var omittedWorkers: Set<Int> = []
  package var omittedJobs: Set<Int> = []
  /// What never happens by chance, by the names in ``Rates``.
  package var quiet: Set<String> = []
  /// Seconds after which nothing goes wrong any more.
  package var storm: Int64?
  /// Another sequence of chance; without it the least change of the world would hide most failures.
  package var dice: UInt64 = 0

  package init() {}
}

extension Scenario {
  func reduced(by reduction: Reduction) -> Scenario {
    var scenario = self
    if let kept = reduction.strikes.map(Set.init) { scenario.strikes.removeAll { !kept.contains($0.number) } }
    scenario.omittedWorkers = reduction.omittedWorkers
    scenario.strikes.removeAll { $0.fault.meetsWorker && reduction.omittedWorkers.contains($0.worker) }
    scenario.omittedJobs = reduction.omittedJobs
    for (name, rate) in Rates.all where reduction.quiet.contains(name) { scenario.rates[keyPath: rate] = 0 }
    if let storm = reduction.storm { scenario.stormEnds = min(scenario.stormEnds, storm * second) }
    return scenario
  }
}

extension Reduction: CustomStringConvertible {
  package var description: String {
    var parts: [String] = []
    func list(_ name: String, _ numbers: [Int]) {
      parts.append("\(name)=" + numbers.map(String.init).joined(separator: ","))
    }
    if let strikes { list("faults", strikes) }
    if !omittedWorkers.isEmpty { list("no-workers", omittedWorkers.sorted()) }
    if !omittedJobs.isEmpty { list("no-jobs", omittedJobs.sorted()) }
    if !quiet.isEmpty { parts.append("quiet=" + quiet.sorted().joined(separator: ",")) }
    if let storm { parts.append("storm=\(storm)") }
    if dice != 0 { parts.append("dice=\(dice)") }
    return parts.joined(separator: ":")
  }

  /// Nil where the text is none that ``description`` makes.
  package init?(parsing text: String) {
    for part in text.split(separator: ":") {
      let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2 else { return nil }
      let words = sides[1].split(separator: ",").map(String.init)
      let numbers = words.compactMap { Int($0) }
      guard sides[0] == "quiet" || numbers.count == words.count else { return nil }
      switch sides[0] {
      case "faults": strikes = numbers
      case "no-workers": omittedWorkers = Set(numbers)
      case "no-jobs": omittedJobs = Set(numbers)
      case "quiet": quiet = Set(words)
      case "storm":
        guard let seconds = numbers.first, seconds > 0 else { return nil }
        storm = Int64(seconds)
      case "dice":
        guard let number = numbers.first, number > 0 else { return nil }
        dice = UInt64(number)
      default: return nil
      }
    }
  }
}
