import Foundation
import Simulation
import Synchronization

/// `simulate`: runs seeds of the simulation.
///
/// - `--seeds N [--from S]`: N seeds from S on (default: 100 from 1).
/// - `--seed N [--trace]`: one seed; with the trace on the standard output.
/// - `--plant NAME`: with a planted bug; then it succeeds when the bug is found.
/// - `--coverage`: says how often each fault and event was reached.
/// - `--threads N`: default: one to a core.
struct SimulateCommand {
  private var seeds: UInt64 = 100
  private var first: UInt64 = 1
  private var single: UInt64?
  private var traces = false
  private var showsCoverage = false
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
      case "--trace": traces = true
      case "--coverage": showsCoverage = true
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

  /// Returns the exit code: 0 when all is well, 1 when a promise was broken, 2 for a wrong call.
  func run() -> Int32 {
    if let mistake {
      say(
        "simulate: \(mistake)\nusage: simulate [--seeds N] [--from S] [--threads N] [--plant NAME] [--coverage]\n"
          + "       simulate --seed N [--trace] [--plant NAME]")
      return 2
    }
    return single.map(runOne) ?? runMany()
  }

  private func runOne(_ seed: UInt64) -> Int32 {
    let report = World.run(seed: seed, plant: plant, trace: traces ? { print($0) } : nil)
    if showsCoverage { show(report.coverage) }
    let hash = String(report.traceHash, radix: 16)
    print(
      "seed \(seed): hash \(hash), \(report.steps) steps, \(Int(report.virtualSeconds)) virtual s, "
        + "\(report.instances) instances, \(report.attempts) attempts: \(report.violation?.description ?? "all is well")"
    )
    return report.violation == nil ? 0 : 1
  }

  private func runMany() -> Int32 {
    let begin = Date()
    let lastSaid = Mutex((at: begin, failures: 0))
    let runner = SeedRunner(plant: plant, threads: threads, failureLimit: plant == nil ? 10 : 1)
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
      print("  replay: simulate --seed \(failure.seed)\(plant) --trace")
    }
    if showsCoverage { show(summary.coverage) }
    print(
      "\(summary.seeds) seeds in \(format(elapsed)) s, \(format(Double(summary.seeds) / elapsed)) seeds/s, "
        + "\(format(summary.virtualSeconds / 3600)) simulated hours, \(summary.instances) instances, "
        + "\(summary.attempts) attempts, \(summary.steps) steps, \(summary.failures.count) failures")
    return summary.failures.isEmpty == (plant == nil) ? 0 : 1
  }

  private func show(_ coverage: [String: Int]) {
    for (name, count) in coverage.sorted(by: { $0.key < $1.key }) { print("  \(count)\t\(name)") }
  }

  private func format(_ value: Double) -> String { String(format: "%.1f", value) }
  private func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}
