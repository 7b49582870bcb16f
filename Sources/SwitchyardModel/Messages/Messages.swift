/// What a worker says on its stream. `SwitchyardWire` maps these to `worker.proto`.
package enum WorkerMessage: Hashable, Sendable {
  /// First on every stream.
  indirect case hello(Hello)
  case heartbeat(Heartbeat)
  /// The attempt was taken over and has begun.
  case accepted(AttemptRef, startedAt: Timestamp)
  case rejected(AttemptRef, reason: String)
  /// Repeated on every stream until acknowledged.
  case result(AttemptResult)
  case log(LogChunk)
  /// Takes nothing new; leaves when all it has is acknowledged.
  case draining
  /// All is done and acknowledged: the incarnation ends.
  case goodbye
}

/// What a server says on a worker's stream.
package enum ServerMessage: Hashable, Sendable {
  /// Answers `hello`. Results and logs may flow after it.
  case welcome(Welcome)
  /// Answers `hello`, or ends a session: the stream will be closed.
  case refused(Refusal, message: String)
  case heartbeatAck(sequence: UInt64)
  case dispatch(Assignment)
  case resultAck(AttemptRef)
  case logAck(AttemptRef, offset: UInt64)
  /// Stop a running attempt: TERM, after its grace KILL. An attempt that is not there is answered with
  /// a result `stopped`.
  case stop(AttemptRef, shard: Shard, epoch: Epoch)
  /// The shards' owner has changed: refuse what carries a lower epoch.
  case epochs([ShardClaim])
  case drain
}

package struct AttemptRef: Hashable, Sendable {
  package var instance: InstanceID
  package var attempt: UInt32
  package init(instance: InstanceID, attempt: UInt32) {
    self.instance = instance
    self.attempt = attempt
  }
}

package struct Hello: Hashable, Sendable {
  package var ref: WorkerRef
  /// Made once for a data directory and kept there. A higher incarnation of the same lineage could only
  /// start after everything of the older ones had ended (a lock that all their children hold), so the
  /// older ones are judged at once. From another lineage the name counts as taken while the old lives.
  package var lineage: UInt64
  package var profile: WorkerProfile
  package var metrics: WorkerMetrics
  /// Everything it holds: running, or finished and not acknowledged.
  package var inventory: [InventoryItem]
  package var draining: Bool
  package init(
    ref: WorkerRef, lineage: UInt64, profile: WorkerProfile, metrics: WorkerMetrics = WorkerMetrics(),
    inventory: [InventoryItem] = [], draining: Bool = false
  ) {
    self.ref = ref
    self.lineage = lineage
    self.profile = profile
    self.metrics = metrics
    self.inventory = inventory
    self.draining = draining
  }
}

package struct InventoryItem: Hashable, Sendable {
  package var attempt: AttemptRef
  package var slots: UInt32
  /// Its result follows on this stream.
  package var finished: Bool
  package var startedAt: Timestamp?
  package init(attempt: AttemptRef, slots: UInt32, finished: Bool, startedAt: Timestamp?) {
    self.attempt = attempt
    self.slots = slots
    self.finished = finished
    self.startedAt = startedAt
  }
}

package struct Heartbeat: Hashable, Sendable {
  package var sequence: UInt64
  package var used: UInt32
  package var queued: UInt32
  package var metrics: WorkerMetrics
  package init(sequence: UInt64, used: UInt32, queued: UInt32 = 0, metrics: WorkerMetrics = WorkerMetrics()) {
    self.sequence = sequence
    self.used = used
    self.queued = queued
    self.metrics = metrics
  }
}

package struct AttemptResult: Hashable, Sendable {
  package var attempt: AttemptRef
  package var outcome: AttemptOutcome
  package var startedAt: Timestamp?
  package var endedAt: Timestamp
  /// At most 64 KiB.
  package var result: String?
  /// "exit code 3", "killed by signal 9", "HTTP status 503"; at most 1 KiB.
  package var detail: String?
  package init(
    attempt: AttemptRef, outcome: AttemptOutcome, startedAt: Timestamp?, endedAt: Timestamp,
    result: String? = nil, detail: String? = nil
  ) {
    self.attempt = attempt
    self.outcome = outcome
    self.startedAt = startedAt
    self.endedAt = endedAt
    self.result = result
    self.detail = detail
  }
}

package struct LogChunk: Hashable, Sendable {
  package var attempt: AttemptRef
  /// Of the first byte, counted from the attempt's beginning, bytes that were cut included.
  package var offset: UInt64
  package var bytes: [UInt8]
  /// Bytes before `offset` that were dropped because of the bound, since the last chunk.
  package var dropped: UInt64
  package init(attempt: AttemptRef, offset: UInt64, bytes: [UInt8], dropped: UInt64 = 0) {
    self.attempt = attempt
    self.offset = offset
    self.bytes = bytes
    self.dropped = dropped
  }
}

package struct Welcome: Hashable, Sendable {
  package var server: ServerRef
  package var session: UInt64
  /// From the sending of a heartbeat (or of this stream's hello) that is acknowledged, the worker may
  /// keep its attempts running for so long.
  package var lease: Span
  package var heartbeatEvery: Span
  /// The epochs of the shards of this server.
  package var epochs: [ShardClaim]
  package init(
    server: ServerRef, session: UInt64, lease: Span, heartbeatEvery: Span, epochs: [ShardClaim]
  ) {
    self.server = server
    self.session = session
    self.lease = lease
    self.heartbeatEvery = heartbeatEvery
    self.epochs = epochs
  }
}

package enum Refusal: UInt8, CaseIterable, Sendable {
  /// The message cannot be understood or breaks a bound.
  case invalid = 1
  case unauthorized = 2
  /// This incarnation has been judged lost: kill everything and come back as a new one.
  case judged = 3
  /// Another worker bears this name and lives.
  case nameTaken = 4
  /// A newer stream of the same worker has taken over.
  case superseded = 5
  /// Come back later, or go elsewhere.
  case unavailable = 6
}

/// An attempt on its way to a worker, with all it needs to run.
package struct Assignment: Hashable, Sendable {
  package var attempt: AttemptRef
  package var shard: Shard
  package var epoch: Epoch
  package var definition: JobVersion
  package var parameters: String?
  package var dueAt: Timestamp
  package init(
    attempt: AttemptRef, shard: Shard, epoch: Epoch, definition: JobVersion, parameters: String?,
    dueAt: Timestamp
  ) {
    self.attempt = attempt
    self.shard = shard
    self.epoch = epoch
    self.definition = definition
    self.parameters = parameters
    self.dueAt = dueAt
  }
}
