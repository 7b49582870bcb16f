import Foundation
import Simulation
import Testing

/// One after the other: each uses all cores.
@Suite(.serialized) struct SimulationTests {
  /// As many as fit into the time, from the first on; a failure names its replay by itself. `make simulate` runs
  /// thousands.
  @Test func noSeedBreaksAPromise() {
    let deadline = Date().addingTimeInterval(15)
    let summary = SeedRunner(threads: 2).run(1..<301, mayGoOn: { Date() < deadline })
    for failure in summary.failures {
      let broken = failure.violation?.description ?? ""
      Issue.record("seed \(failure.seed): \(broken) (simulate --seed \(failure.seed) --shrink)")
    }
    print(
      "\(summary.seeds) seeds, \(Int(summary.virtualSeconds / 3600)) simulated hours, \(summary.instances) instances")
    #expect(summary.instances > summary.seeds * 100 && summary.seeds > 5)
    // What goes wrong in so many worlds did go wrong, and was lived through.
    for reached in ["commit: unknownLate", "killed: isolated", "claim failed"] {
      #expect(summary.coverage.count(.world, reached) > 0, "\(reached) was not reached")
    }
  }

  /// Seeds that showed a bug once.
  @Test(arguments: PinnedSeed.all) func isMended(_ pinned: PinnedSeed) {
    let report = World.run(seed: pinned.seed, reduction: pinned.reduction)
    #expect(report.violation == nil, "\(pinned.story)")
  }

  @Test func aSeedIsTheSameRunEveryTime() {
    for seed: UInt64 in [1, 2, 3] {
      let hash = World.run(seed: seed).traceHash
      #expect(World.run(seed: seed).traceHash == hash)
      #expect(World.run(seed: seed, observes: true).traceHash == hash, "to look changes nothing")
    }
    #expect(World.run(seed: 1).traceHash != World.run(seed: 2).traceHash)
  }

  /// Hashing is seeded per process: a run that depended on it would differ here.
  @Test func aSeedIsTheSameRunInAnotherProcess() throws {
    let text = try simulate(["--seed", "4"])
    let hash = String(World.run(seed: 4).traceHash, radix: 16)
    #expect(text.contains("hash \(hash),"), "\(text)")
  }

  private func simulate(_ arguments: [String]) throws -> String {
    let products = Bundle.main.executableURL?.deletingLastPathComponent()
    let simulate = try #require(products).appendingPathComponent("simulate")
    try #require(FileManager.default.isExecutableFile(atPath: simulate.path), "no \(simulate.path)")
    let process = Process()
    let output = Pipe()
    process.executableURL = simulate
    process.arguments = arguments
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return text
  }
}

/// A world in which something went wrong that has been mended. It shows that as long as the simulation makes the same world
/// of the seed: where it does not any more, the seed is taken out, and a test of the machine that was at fault remains.
struct PinnedSeed: CustomStringConvertible, Sendable {
  let seed: UInt64
  var reduction = Reduction()
  let story: String

  var description: String { "seed \(seed): \(story)" }

  static let all = [
    PinnedSeed(seed: 8495, story: "a clock was set forward while due times were read, and one of the next was late")
  ]
}
