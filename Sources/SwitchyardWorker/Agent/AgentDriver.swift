package import SwitchyardCore
package import SwitchyardModel
import SwitchyardSystem
import Synchronization

/// Runs an ``AgentMachine`` on a thread of its own: reads the clocks, keeps the timers, carries out actions.
///
/// One hop for each batch, wherever it comes from: a frame from the server, a turn of the shell thread.
package final class AgentDriver: Sendable {
  private let inbox: AgentInbox
  private let turn: Mutex<AgentTurn>
  private let published: Mutex<AgentStatus>
  private let ending: AsyncStream<Never>
  private let end: AsyncStream<Never>.Continuation

  package init(
    name: String, lineage: UInt64, incarnation: UInt64, profile: WorkerProfile,
    configuration: AgentConfiguration = AgentConfiguration(), inbox: AgentInbox, surroundings: AgentSurroundings
  ) {
    self.inbox = inbox
    let machine = AgentMachine(
      name: name, lineage: lineage, incarnation: incarnation, profile: profile, configuration: configuration)
    let first = AgentTurn(
      machine: machine, surroundings: surroundings, inbox: inbox, seed: UInt64.random(in: 0...UInt64.max))
    published = Mutex(first.status)
    turn = Mutex(first)
    (ending, end) = AsyncStream.makeStream()
  }

  /// As of the end of the last batch.
  package var status: AgentStatus { published.withLock { $0 } }

  /// Begins to connect.
  package func start() {
    inbox.loop.start { [self] batch, _ in
      // Uncontended: only this thread takes it until the end.
      turn.withLock { turn in
        let next = turn.take(batch)
        let status = turn.status
        published.withLock { $0 = status }
        if turn.isFinished { end.finish() }
        return next
      }
    }
    inbox.post(.start)
  }

  /// Returns when the agent has said good-bye or was told to leave, or when the task is cancelled.
  ///
  /// - Throws: what kept it from going on.
  package func finished() async throws {
    for await _ in ending {}
    if let failure = turn.withLock({ $0.failure }) { throw failure }
  }

  /// Takes nothing new, and leaves when all is done and acknowledged.
  package func drain() { inbox.post(.drain) }

  /// Kills what runs; it ends as isolated, so that it runs again elsewhere.
  package func killAll() { inbox.loop.post(.killAll) }

  /// Leaves at once, without good-bye: the server will find out by itself.
  package func abandon() { inbox.loop.post(.abandon) }

  package func closeLinks() { turn.withLock { $0.closeLinks() } }

  /// Ends the thread. To be called when nothing posts to the inbox any more.
  package func close() { inbox.loop.close() }
}
