package import SwitchyardModel

/// Everything that a server may do. The driver executes these in order and decides nothing.
package enum ServerAction: Sendable {
  case claim([Shard])
  case commit(Token, CommitGroup)
  case read(Token, OwnerRead)
  case reply(Token, ServerReply)
  /// Answered by `placed`, each request exactly once. All of one app, best first.
  case place([PlacementRequest])
  case node(NodeChange)
  /// Calls `timer` at this time or as soon after it as it can; replaces what the timer had.
  case arm(ServerTimer, BootTime)
  case send(ConnectionID, ServerMessage)
  /// Closes the stream when what was sent before is out.
  case close(ConnectionID)
  /// Bytes of a log of an attempt that runs on that worker, to be kept and then acknowledged (`logAck`) by the driver.
  case appendLog(ConnectionID, LogChunk)
  case publish(ServerNotice)
  /// A policy revision is durable: make it live.
  indirect case policyStored(PolicyRevision)
  /// The shutdown is complete.
  case stopped
}

package typealias ServerActions = [ServerAction]

/// What happened, for logs, metrics, event streams; published only once it is durable.
package enum ServerNotice: Hashable, Sendable {
  /// The instance is now in this state.
  case instance(InstanceID, job: JobID, app: String, state: InstanceState, attempt: UInt32, worker: WorkerRef?)
  case started(AttemptRef, worker: WorkerRef, startedAt: Timestamp)
  indirect case jobStored(Job)
  case workerJoined(WorkerRef, session: UInt64)
  case workerSuspended(WorkerRef)
  case workerJudged(WorkerRef, Verdict)
  case owned(shards: Int)
  case resigned(reason: String)
  /// Something was refused, fenced or ignored; counted under this bounded name.
  case counted(String)
}
