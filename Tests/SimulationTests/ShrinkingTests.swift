import Foundation
import Simulation
import Testing

@Suite struct ShrinkingTests {
  @Test func leavesOutWhatAFailureDoesNotNeed() throws {
    let plant = Plant.shimsNeverKill
    let failure = try #require(
      SeedRunner(plant: plant, threads: 2, failureLimit: 1).run(1..<301).failures.first)
    let shrunk = try #require(Shrinker(seed: failure.seed, plant: plant, budget: 12).shrink())
    let replay = World.run(seed: failure.seed, reduction: shrunk.reduction, plant: plant)
    #expect(replay.violation?.promise == failure.violation?.promise)
    #expect(replay.traceHash == shrunk.report.traceHash)
    #expect(shrunk.reduction != Reduction(), "nothing was left out")
    #expect(shrunk.story.contains("replay: simulate --seed \(failure.seed) --only \(shrunk.reduction)"))
  }

  @Test func aReductionIsReadBackAsItWasPrinted() throws {
    var reduction = Reduction()
    reduction.strikes = [3, 17]
    reduction.omittedWorkers = [2, 0]
    reduction.omittedJobs = [4]
    reduction.quiet = ["late-messages", "failed-reads"]
    reduction.storm = 61
    reduction.dice = 9
    #expect(
      "\(reduction)" == "faults=3,17:no-workers=0,2:no-jobs=4:quiet=failed-reads,late-messages:storm=61:dice=9")
    #expect(Reduction(parsing: "\(reduction)") == reduction)
    reduction.strikes = []
    #expect(Reduction(parsing: "\(reduction)") == reduction)
  }

  @Test(arguments: ["faults", "faults=x", "storm=", "dice=-1", "other=1", "no-workers=1,x"])
  func refusesAnyOtherText(_ text: String) { #expect(Reduction(parsing: text) == nil) }
}
