package import Logging
package import SwitchyardCore
package import SwitchyardModel

/// What the agent's actions are done with.
package struct AgentSurroundings: Sendable {
  package var links: any ServerLinks
  package var runners: [any AttemptRunner]
  package var logs: LogBook
  /// Moves the time at which shims kill by themselves.
  package var setDeadline: @Sendable (BootTime?) -> Void
  /// Makes the number of a new incarnation, which is on disk when this returns.
  package var nextIncarnation: @Sendable () throws -> UInt64
  package var logger: Logger

  package init(
    links: any ServerLinks, runners: [any AttemptRunner], logs: LogBook,
    setDeadline: @escaping @Sendable (BootTime?) -> Void, nextIncarnation: @escaping @Sendable () throws -> UInt64,
    logger: Logger
  ) {
    self.links = links
    self.runners = runners
    self.logs = logs
    self.setDeadline = setDeadline
    self.nextIncarnation = nextIncarnation
    self.logger = logger
  }
}

/// A look at the agent from outside.
package struct AgentStatus: Hashable, Sendable {
  package var ref: WorkerRef
  package var isConnected = false
  /// Nothing runs, and every result has been acknowledged.
  package var holdsNothing = true
  package var running = 0
  package var counters = AgentCounters()
}
