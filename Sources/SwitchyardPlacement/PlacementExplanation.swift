package import SwitchyardModel

/// What would become of a request if a lane were asked now.
package struct PlacementExplanation: Hashable, Sendable {
  package struct Worker: Hashable, Sendable {
    package var ref: WorkerRef
    package var slots: UInt32
    package var free: UInt32
    /// Nil: it could take the job.
    package var refusal: Refusal?
    /// Of each scorer, in the order of the policy; empty where it is refused.
    package var scores: [Score] = []
  }

  package struct Refusal: Hashable, Sendable {
    /// `processor`, `tags` or `slots`, or the id of a filter.
    package var by: String
    package var reason: String
  }

  package struct Score: Hashable, Sendable {
    package var by: String
    package var score: Float
  }

  package struct Count: Hashable, Sendable {
    package var by: String
    package var workers: Int
  }

  /// Why nothing can be told, or what a strategy said of the job as a whole; empty: nothing.
  package var note: String
  /// Of the policy; 0: the default.
  package var revision: UInt64 = 0
  /// The id of the strategy that chooses among those that fit.
  package var balancer = ""
  /// Workers that are connected, that serve the app, and of those the ones that nothing new is placed on.
  package var connected = 0
  package var serving = 0
  package var draining = 0
  package var suspended = 0
  /// Those that could take it.
  package var fitting = 0
  /// How many were refused by whom, in the order of asking.
  package var refused: [Count] = []
  /// The first of them: those that fit, then those that were refused.
  package var workers: [Worker] = []

  init(note: String = "") { self.note = note }
}
