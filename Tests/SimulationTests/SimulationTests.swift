import Foundation
import Simulation
import Testing

@Suite struct SimulationTests {
  /// Seeds are taken from the beginning, so that a failure names its replay by itself.
  @Test func noSeedBreaksAPromise() {
    let deadline = Date().addingTimeInterval(25)
    let summary = SeedRunner(threads: 2).run(1..<301, mayGoOn: { Date() < deadline })
    for failure in summary.failures {
      Issue.record("seed \(failure.seed): \(failure.violation?.description ?? "") (simulate --seed \(failure.seed) --trace)")
    }
    #expect(summary.seeds > 10)
    #expect(summary.instances > summary.seeds * 100)
  }

  @Test(arguments: Plant.allCases) func findsThePlantedBug(_ plant: Plant) {
    let summary = SeedRunner(plant: plant, threads: 2, failureLimit: 1).run(1..<301)
    #expect(!summary.failures.isEmpty, "\(plant.rawValue) was not found in \(summary.seeds) seeds")
  }

  @Test func aSeedIsTheSameRunEveryTime() {
    for seed: UInt64 in [1, 2, 3] {
      #expect(World.run(seed: seed).traceHash == World.run(seed: seed).traceHash)
    }
    #expect(World.run(seed: 1).traceHash != World.run(seed: 2).traceHash)
  }

  /// Hashing is seeded per process: a run that depended on it would differ here.
  @Test func aSeedIsTheSameRunInAnotherProcess() throws {
    let products = Bundle.main.executableURL?.deletingLastPathComponent()
    let simulate = try #require(products).appendingPathComponent("simulate")
    try #require(FileManager.default.isExecutableFile(atPath: simulate.path), "no \(simulate.path)")
    let process = Process()
    let output = Pipe()
    process.executableURL = simulate
    process.arguments = ["--seed", "4"]
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let hash = String(World.run(seed: 4).traceHash, radix: 16)
    #expect(text.contains("hash \(hash),"), "\(text)")
  }
}
