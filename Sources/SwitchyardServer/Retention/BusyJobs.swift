import SwitchyardCore
import SwitchyardModel
import Synchronization

/// Jobs whose instances end often: of so many endings one, taken by chance, names its job.
final class BusyJobs: EventConsumer {
  /// So many endings to one; and so many jobs are remembered at most.
  private static let every = 1_000

  private struct State {
    var jobs: Set<JobID> = []
    var random = SeededRandom(seed: .random(in: 0 ... .max))
  }

  private let state = Mutex(State())

  func consume(_ events: [ClusterEvent], at time: Timestamp) {
    state.withLock { state in
      for case .core(.instance(_, let job, _, let ending, _, _)) in events where ending.isTerminal {
        if state.random.below(UInt64(Self.every)) == 0, state.jobs.count < Self.every { state.jobs.insert(job) }
      }
    }
  }

  /// Those since the last call.
  func take() -> Set<JobID> {
    state.withLock { state in
      defer { state.jobs = [] }
      return state.jobs
    }
  }
}
