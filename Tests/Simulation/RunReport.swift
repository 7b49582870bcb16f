/// What one seed led to.
package struct RunReport: Sendable {
  package let seed: UInt64
  /// The same seed gives the same hash, on every machine and in every process.
  package let traceHash: UInt64
  package let violation: Violation?
  package let steps: Int
  package let virtualSeconds: Double
  package let instances: Int
  package let attempts: Int
  package let coverage: Coverage
}

/// A promise that was broken.
package struct Violation: Hashable, Sendable, CustomStringConvertible {
  package let promise: String
  package let detail: String
  /// Virtual seconds since the start.
  package let at: Double

  package var description: String { "at \(at) s: \(promise): \(detail)" }
}

extension World {
  /// Runs one seed to its end, or to the first broken promise.
  ///
  /// - Parameters:
  ///   - reduction: what of the seed's world is left out.
  ///   - observes: looks into the machines after every event, for coverage.
  ///   - trace: called with a readable line for everything that happens.
  package static func run(
    seed: UInt64, reduction: Reduction = Reduction(), plant: Plant? = nil, observes: Bool = false,
    trace: ((String) -> Void)? = nil
  ) -> RunReport {
    let scenario = Scenario(seed: seed).reduced(by: reduction)
    let world = World(
      scenario, seed: seed ^ reduction.dice << 48, plant: plant, trace: Trace(sink: trace), observes: observes)
    world.run()
    return world.report
  }

  /// The jobs of the world, in words.
  static func jobs(seed: UInt64, _ reduction: Reduction) -> [String] {
    let world = World(
      Scenario(seed: seed).reduced(by: reduction), seed: seed ^ reduction.dice << 48, plant: nil,
      trace: Trace(sink: nil), observes: false)
    return world.client.jobs.map { "\($0.name) \($0.schedule)" }
  }
}
