package import SwitchyardCore
package import SwitchyardModel
import SwitchyardSystem

/// What reaches the agent's thread. Everybody else only posts here.
package final class AgentInbox: ServerLinkEvents {
  enum Input: Sendable {
    case event(AgentEvent)
    case messages([ServerMessage], ConnectionNumber, handled: CheckedContinuation<Void, Never>)
    case closed(ConnectionNumber, wasOpen: Bool)
    case report(AttemptReport)
    case logsWaiting
    case sentLogs(ConnectionNumber)
    /// Kills what runs, without asking it politely.
    case killAll
    /// Leaves without having said good-bye.
    case abandon
  }

  let loop = EventLoop<Input>(name: "agent")

  package init() {}

  package func post(_ event: AgentEvent) { loop.post(.event(event)) }

  /// For runners.
  package var reports: AttemptReports { { [loop] in loop.post(.report($0)) } }

  /// For the log book.
  package var logsWaiting: @Sendable () -> Void { { [loop] in loop.post(.logsWaiting) } }

  // MARK: For streams

  package func connected(_ connection: ConnectionNumber) { loop.post(.event(.connected(connection))) }

  package func received(_ messages: [ServerMessage], on connection: ConnectionNumber) async {
    await withCheckedContinuation { loop.post(.messages(messages, connection, handled: $0)) }
  }

  package func sentLogs(on connection: ConnectionNumber) { loop.post(.sentLogs(connection)) }

  package func closed(_ connection: ConnectionNumber, wasOpen: Bool) {
    loop.post(.closed(connection, wasOpen: wasOpen))
  }
}
