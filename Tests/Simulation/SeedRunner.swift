import Dispatch
import Synchronization

/// Runs many seeds, one world to a thread.
package struct SeedRunner: Sendable {
  package struct Summary: Sendable {
    package var seeds = 0
    package var virtualSeconds = 0.0
    package var instances = 0
    package var attempts = 0
    package var steps = 0
    /// By seed.
    package var failures: [RunReport] = []
    package var coverage = Coverage()

    package init() {}
  }

  package let plant: Plant?
  package let threads: Int
  /// No new seed is begun after so many failures.
  package let failureLimit: Int
  /// Counts the transitions inside the machines too, at a third of the speed.
  package let observes: Bool

  package init(plant: Plant? = nil, threads: Int, failureLimit: Int = 10, observes: Bool = false) {
    self.plant = plant
    self.observes = observes
    self.threads = max(1, threads)
    self.failureLimit = failureLimit
  }

  private struct State {
    var next: UInt64
    var summary = Summary()
  }

  /// - Parameters:
  ///   - mayGoOn: asked before each seed.
  ///   - progress: called after each seed, from any thread, with what there is so far.
  package func run(
    _ seeds: Range<UInt64>, mayGoOn: @Sendable () -> Bool = { true },
    progress: @Sendable (Summary) -> Void = { _ in }
  ) -> Summary {
    let state = Mutex(State(next: seeds.lowerBound))
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      while mayGoOn(), let seed = takeSeed(state, seeds) {
        let report = World.run(seed: seed, plant: plant, observes: observes)
        let summary = state.withLock { state in
          state.summary.add(report)
          return state.summary
        }
        progress(summary)
      }
    }
    var summary = state.withLock { $0.summary }
    summary.failures.sort { $0.seed < $1.seed }
    return summary
  }

  private func takeSeed(_ state: borrowing Mutex<State>, _ seeds: Range<UInt64>) -> UInt64? {
    state.withLock { state in
      guard state.next < seeds.upperBound, state.summary.failures.count < failureLimit else { return nil }
      defer { state.next += 1 }
      return state.next
    }
  }
}

extension SeedRunner.Summary {
  fileprivate mutating func add(_ report: RunReport) {
    seeds += 1
    virtualSeconds += report.virtualSeconds
    instances += report.instances
    attempts += report.attempts
    steps += report.steps
    if report.violation != nil { failures.append(report) }
    coverage.add(report.coverage)
  }
}
