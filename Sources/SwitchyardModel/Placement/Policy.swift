/// How an app chooses workers: filters, scorers and one balancer, in this order, each a strategy from a
/// shared library with its configuration. Revisions are immutable; the store keeps them all.
///
/// JSON: `{"filters": [{"plugin": "switchyard.datacenter", "config": {…}}], "scorers": [], "balancer": {…}}`.
package struct Policy: Hashable, Sendable {
  package var filters: [Strategy]
  package var scorers: [Strategy]
  package var balancer: Strategy

  package init(filters: [Strategy] = [], scorers: [Strategy] = [], balancer: Strategy) {
    self.filters = filters
    self.scorers = scorers
    self.balancer = balancer
  }

  package struct Strategy: Hashable, Sendable {
    /// The plugin's id, as `switchyard.weighted-round-robin`.
    package var plugin: String
    /// A JSON object as canonical text; `{}` when none was given.
    package var configuration: String
    package init(plugin: String, configuration: String = "{}") {
      self.plugin = plugin
      self.configuration = configuration
    }
  }
}

package struct PolicyRevision: Hashable, Sendable {
  package var app: String
  package var revision: UInt64
  package var policy: Policy
  package var createdAt: Timestamp
  package init(app: String, revision: UInt64, policy: Policy, createdAt: Timestamp) {
    self.app = app
    self.revision = revision
    self.policy = policy
    self.createdAt = createdAt
  }
}
