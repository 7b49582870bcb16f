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
  /// A change of tokens is durable: it counts from now on.
  indirect case accessStored(AccessOp)
  /// The shutdown is complete.
  case stopped
}

package typealias ServerActions = [ServerAction]

/// What happened, for logs, metrics, event streams; published only once it is durable.
package enum ServerNotice: Hashable, Sendable {
  /// The instance is now in this state.
  case instance(InstanceID, job: JobID, app: String, state: InstanceState, attempt: UInt32, worker: WorkerRef?)
  case started(AttemptRef, job: JobID, app: String, worker: WorkerRef, startedAt: Timestamp)
  /// The attempt is over; `ran` by its worker's clock, nil where it did not begin.
  case attemptEnded(AttemptRef, job: JobID, app: String, worker: WorkerRef, outcome: AttemptOutcome, ran: Span?)
  indirect case jobStored(Job)
  case workerJoined(WorkerRef, session: UInt64)
  case workerSuspended(WorkerRef)
  case workerJudged(WorkerRef, Verdict)
  case owned(shards: Int)
  case resigned(reason: String)
  /// The wall clock was set by so much; nothing fires until it has been steady for a while.
  case clockStepped(by: Span)
  /// Something was refused, fenced or ignored; counted under this bounded name.
  case counted(String)
  /// An instance has come from one point of its life to another.
  case measured(Passage, Span)
}

/// The parts of an instance's way that are measured.
package enum Passage: UInt8, CaseIterable, Sendable {
  /// From its due time until the record of it is durable.
  case fired
  /// From the request until the instance is durable.
  case submitted
  /// From when it might be placed until its dispatch is durable.
  case placed
  /// From the dispatch until its worker says that it has it.
  case started
}
