package import SwitchyardModel

/// Everything that can happen to a worker.
package enum AgentEvent: Sendable {
  case start
  case connected(ConnectionNumber)
  case connectFailed(ConnectionNumber)
  case disconnected(ConnectionNumber)
  case received(ConnectionNumber, ServerMessage)
  /// The attempt began to run.
  case spawned(AttemptRef, at: Timestamp)
  /// The attempt ended, and nothing of it runs any more. Also the answer to a spawn that failed.
  case ended(AttemptResult)
  case metrics(WorkerMetrics)
  case timer(AgentTimer)
  /// The number of the new incarnation, after `renew`.
  case renewed(incarnation: UInt64)
  /// Takes nothing new, finishes what runs, then says good-bye.
  case drain
}

/// Numbers the streams that a worker opened; never used twice by one process.
package typealias ConnectionNumber = UInt64

package enum AgentTimer: Hashable, Sendable {
  case reconnect, heartbeat, lease
}

/// Everything that a worker may do. The driver executes these in order and decides nothing.
package enum AgentAction: Sendable {
  case connect(ConnectionNumber)
  case disconnect(ConnectionNumber)
  case send(ConnectionNumber, WorkerMessage)
  /// Run this; answered by `spawned` and `ended`, or by `ended` alone.
  case spawn(Assignment)
  /// Politely (TERM, after the grace KILL) or at once; answered by `ended`.
  case kill(AttemptRef, KillReason)
  /// Everything under a shim dies at this time unless it is moved again; nil: no lease yet, nothing runs.
  case setDeadline(BootTime?)
  case arm(AgentTimer, BootTime)
  /// Logs of the attempt may be forgotten: its result is acknowledged.
  case forget(AttemptRef)
  case logAcked(AttemptRef, offset: UInt64)
  /// Streams logs from the last acknowledged offset of each attempt; or stops (nil).
  case logsTo(ConnectionNumber?)
  /// Judged lost: everything has been killed; needs the number of a new incarnation.
  case renew
  /// Drained and said good-bye: the process may end.
  case finished
}

package enum KillReason: Hashable, Sendable {
  case stopped, isolated
}

package typealias AgentActions = [AgentAction]
