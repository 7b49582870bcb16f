import SwitchyardCore
import SwitchyardModel

extension World {
  /// A server as the simulation runs it.
  static func makeCore(_ ref: ServerRef, _ scenario: Scenario) -> ServerCore {
    var configuration = ServerConfiguration()
    if scenario.narrow {
      configuration.dueWindow = 2
      configuration.waitingWindow = 4
      configuration.pageLimit = 3
      configuration.readLimit = 3
      configuration.commitGroup = 8
      configuration.commitQueue = 60
      configuration.freshLimit = 30
      configuration.placementBatch = 3
      configuration.askFirstLimit = 4
      configuration.horizon = .seconds(80)
      configuration.rotateEvery = .seconds(2)
    }
    return ServerCore(server: ref, configuration: configuration) { _ in .utc }
  }

  static func agentConfiguration(_ scenario: Scenario) -> AgentConfiguration {
    var configuration = AgentConfiguration()
    if scenario.narrow {
      configuration.resultLimit = 6
      configuration.rejectionLimit = 3
    }
    return configuration
  }

  /// What a core that is at rest still holds and should not, in words.
  static func leaks(of core: ServerCore) -> [String] {
    let status = core.status
    let counts = [
      ("waiting instances", status.waiting), ("placed instances", status.placed), ("fresh instances", status.fresh),
      ("queued instances", status.queued), ("gates", status.limitedJobs),
      ("operations", status.pendingOps), ("questions to lanes", status.placing),
      ("attempts of workers", core.sessions.reduce(0) { $0 + $1.placed }),
    ]
    return counts.filter { $0.1 != 0 }.map { "\($0.1) \($0.0)" }
  }
}
