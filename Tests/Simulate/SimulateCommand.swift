import Foundation
import Simulation
import Synchronization

/// `simulate`: runs seeds of the simulation. ``usage`` says how.
struct SimulateCommand {
  static let usage = """
    usage: simulate [--seeds N] [--from S] [--threads N]   N seeds from S on (100 from 1, one thread to a core)
             --coverage   what happened how often, and what never did
             --require    with it: fails when something was not reached, and no reason is known
             --plant NAME with a planted bug; succeeds when it is found
           simulate --seed N [--only REDUCTION] [--plant NAME]   one seed, or what a reduction leaves of it
             --trace      line by line
             --shrink     leaves out what a failure does not need, and tells the rest
           simulate --plants [--seeds N]   each planted bug in turn: at which seed it was found
    """

  private var seeds: UInt64 = 100
  private var first: UInt64 = 1
  private var single: UInt64?
  private var reduction = Reduction()
  private var traces = false
  private var shrinks = false
  private var showsCoverage = false
  private var requires = false
  private var triesPlants = false
  private var plant: Plant?
  private var threads = ProcessInfo.processInfo.activeProcessorCount
  private var mistake: String?

  init(_ arguments: ArraySlice<String>) {
    var rest = arguments
    while let argument = rest.popFirst(), mistake == nil {
      switch argument {
      case "--seeds": seeds = number(&rest, argument)
      case "--from": first = number(&rest, argument)
      case "--seed": single = number(&rest, argument)
      case "--threads": threads = Int(clamping: number(&rest, argument))
      case "--only":
        if let known = rest.popFirst().flatMap(Reduction.init(parsing:)) {
          reduction = known
        } else {
          mistake = "--only wants what --shrink printed"
        }
      case "--trace": traces = true
      case "--shrink": shrinks = true
      case "--coverage": showsCoverage = true
      case "--require": requires = true
      case "--plants": triesPlants = true
      case "--plant":
        plant = rest.popFirst().flatMap(Plant.init)
        if plant == nil {
          mistake = "--plant wants one of: " + Plant.allCases.map(\.rawValue).joined(separator: ", ")
        }
      default: mistake = "unknown argument \(argument)"
      }
    }
  }

  private mutating func number(_ rest: inout ArraySlice<String>, _ name: String) -> UInt64 {
    guard let text = rest.popFirst(), let number = UInt64(text), number <= UInt64(Int64.max) else {
      mistake = "\(name) wants a number"
      return 0
    }
    return number
  }

  /// Returns the exit code: 0 when all is well, 1 when it is not, 2 for a wrong call.
  func run() -> Int32 {
    if let mistake {
      say("simulate: \(mistake)\n\(Self.usage)")
      return 2
    }
    if triesPlants { return runPlants() }
    guard let single else { return runMany() }
    return shrinks ? shrink(single) : runOne(single)
  }

  private func runOne(_ seed: UInt64) -> Int32 {
    let report = World.run(
      seed: seed, reduction: reduction, plant: plant, observes: showsCoverage, trace: traces ? { print($0) } : nil)
    if showsCoverage { print(report.coverage.report(whole: true)) }
    let hash = String(report.traceHash, radix: 16)
    print(
      "seed \(seed): hash \(hash), \(report.steps) steps, \(Int(report.virtualSeconds)) virtual s, "
        + "\(report.instances) instances, \(report.attempts) attempts: \(report.violation?.description ?? "all is well")"
    )
    return report.violation == nil ? 0 : 1
  }

  private func shrink(_ seed: UInt64) -> Int32 {
    guard let shrunk = Shrinker(seed: seed, plant: plant).shrink(progress: { say($0) }) else {
      print("seed \(seed) breaks no promise")
      return 1
    }
    print(shrunk.story)
    return 0
  }

  private func runPlants() -> Int32 {
    var isWell = true
    for plant in Plant.allCases {
      let summary = SeedRunner(plant: plant, threads: threads, failureLimit: 1).run(first..<(first + seeds))
      let name = plant.rawValue.padding(toLength: 28, withPad: " ", startingAt: 0)
      if let failure = summary.failures.first {
        print("\(name) seed \(failure.seed): \(failure.violation?.promise ?? "")")
      } else {
        print("\(name) NOT FOUND in \(summary.seeds) seeds")
        isWell = false
      }
    }
    return isWell ? 0 : 1
  }

  private func runMany() -> Int32 {
    let begin = Date()
    let lastSaid = Mutex((at: begin, failures: 0))
    let runner = SeedRunner(
      plant: plant, threads: threads, failureLimit: plant == nil ? 10 : 1, observes: showsCoverage || requires)
    let summary = runner.run(
      first..<(first + seeds),
      progress: { soFar in
        let now = Date()
        let speaks = lastSaid.withLock { last in
          guard now.timeIntervalSince(last.at) >= 2 || soFar.failures.count > last.failures else { return false }
          last = (now, soFar.failures.count)
          return true
        }
        let failed = soFar.failures.isEmpty ? "" : ": " + soFar.failures.map { String($0.seed) }.joined(separator: ", ")
        if speaks { say("\(soFar.seeds) of \(seeds) seeds, \(soFar.failures.count) failed\(failed)") }
      })
    let elapsed = Date().timeIntervalSince(begin)
    for failure in summary.failures {
      let plant = plant.map { " --plant \($0.rawValue)" } ?? ""
      print("seed \(failure.seed) failed \(failure.violation?.description ?? "")")
      print("  shrink: simulate --seed \(failure.seed)\(plant) --shrink")
    }
    if showsCoverage || requires { print(summary.coverage.report(whole: showsCoverage)) }
    print(
      "\(summary.seeds) seeds in \(format(elapsed)) s, \(format(Double(summary.seeds) / elapsed)) seeds/s, "
        + "\(format(summary.virtualSeconds / 3600)) simulated hours, \(summary.instances) instances, "
        + "\(summary.attempts) attempts, \(summary.steps) steps, \(summary.failures.count) failures")
    let isCovered = summary.coverage.missing.isEmpty && summary.coverage.unexpected.isEmpty
    return summary.failures.isEmpty == (plant == nil) && (isCovered || !requires) ? 0 : 1
  }

  private func format(_ value: Double) -> String { String(format: "%.1f", value) }
  private func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}
