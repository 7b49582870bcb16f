package import SwitchyardModel

/// What a server sets of its placement.
package struct PlacementOptions: Sendable {
  /// Threads that place jobs; each app is served by one of them.
  package var lanes: Int
  /// This server's site and rack, for strategies that prefer what is near.
  package var site: String?
  package var rack: String?
  /// Used for apps without a policy of their own.
  package var defaultPolicy: Policy
  /// Seed of all dice; a run with the same seed, requests and changes decides the same.
  package var seed: UInt64
  /// What a hot call of a plugin may take before it is counted as too slow.
  package var budget: Span
  /// How often metrics may change the columns at most.
  package var publishEvery: Span
  /// How often labels, tags and weights may change the generation at most.
  package var generationEvery: Span
  /// Requests under way in a lane; beyond it the answer is "later".
  package var queueLimit: Int

  package init(
    lanes: Int = 1, site: String? = nil, rack: String? = nil, defaultPolicy: Policy = .byDefault, seed: UInt64,
    budget: Span = .milliseconds(1), publishEvery: Span = .milliseconds(100), generationEvery: Span = .seconds(1),
    queueLimit: Int = 100_000
  ) {
    self.lanes = max(1, min(64, lanes))
    self.site = site
    self.rack = rack
    self.defaultPolicy = defaultPolicy
    self.seed = seed
    self.budget = budget
    self.publishEvery = publishEvery
    self.generationEvery = generationEvery
    self.queueLimit = queueLimit
  }
}

extension Policy {
  /// For apps that have none, made of what ships: labels of jobs count (`designated.worker: w1,w2`,
  /// `mem.free: ">= 2 GiB"`), and of those left the least loaded worker gets the job.
  package static let byDefault = Policy(
    filters: [Strategy(plugin: "switchyard.designated"), Strategy(plugin: "switchyard.resources")],
    balancer: Strategy(plugin: "switchyard.least-loaded"))
}
