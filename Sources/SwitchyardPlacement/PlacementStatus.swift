package import SwitchyardModel

/// What places an app's jobs at this moment.
package struct PolicyStatus: Hashable, Sendable {
  package var app: String
  /// Of the policy that decides; 0: the default policy.
  package var revision: UInt64
  package var policy: Policy
  /// Why a newer revision did not go live, or why there is none that decides.
  package var error: String?
  package init(app: String, revision: UInt64, policy: Policy, error: String?) {
    self.app = app
    self.revision = revision
    self.policy = policy
    self.error = error
  }
}

/// Counted since the start.
package struct PlacementStatistics: Hashable, Sendable {
  /// Requests that were answered with a worker.
  package var placed: UInt64 = 0
  /// Answered: nobody now, never, later.
  package var refused: UInt64 = 0
  /// Decided by the host because the balancer failed or answered nonsense.
  package var fallbacks: UInt64 = 0
  /// Picks that had to be asked again: another lane, or the same batch, had taken the slots.
  package var again: UInt64 = 0
  /// Calls of balancers.
  package var batches: UInt64 = 0
  /// Events for observers that were lost (they were told so).
  package var eventsLost: UInt64 = 0
  /// Nodes that did not fit the table.
  package var nodesRefused: UInt64 = 0
  /// Texts that strategies do not see, because whoever brought them had brought too many; see `Interner`.
  package var textsRefused: UInt64 = 0
  package init() {}
}
