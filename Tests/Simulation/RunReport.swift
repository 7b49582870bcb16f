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
  /// How often each fault and each noteworthy thing happened, by name.
  package let coverage: [String: Int]
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
  /// - Parameter trace: called with a readable line for everything that happens.
  package static func run(
    seed: UInt64, plant: Plant? = nil, trace: ((String) -> Void)? = nil
  ) -> RunReport {
    let world = World(seed: seed, plant: plant, trace: Trace(sink: trace))
    world.run()
    return world.report
  }
}
