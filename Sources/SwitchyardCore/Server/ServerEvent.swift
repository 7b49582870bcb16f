package import SwitchyardModel

/// A stream of a worker, as the driver numbers them; never used twice by one process.
package struct ConnectionID: Hashable, Comparable, Sendable {
  package var number: UInt64
  package init(_ number: UInt64) { self.number = number }
  package static func < (a: ConnectionID, b: ConnectionID) -> Bool { a.number < b.number }
}

/// Names a request of the API, a commit or a read until it is answered.
package typealias Token = UInt64

/// Everything that can happen to a server.
package enum ServerEvent: Sendable {
  /// First of all; begins by claiming shards.
  case start
  case claimed([ShardClaim], idFloor: UInt64)
  /// The claim failed and will be tried again.
  case claimFailed(String)
  case committed(Token, CommitOutcome)
  /// Nil: the read failed and is worth another try.
  case read(Token, OwnerPage?)
  case request(Token, ServerRequest)
  case placed([PlacementResult])
  /// Workers of the app (nil: of any app) or its policy changed: ask again for those that found nobody. Slots that the
  /// core itself releases need no such event.
  case viewChanged(app: String?)
  case timer(ServerTimer)
  indirect case connected(ConnectionID, Hello)
  case received(ConnectionID, WorkerMessage)
  case disconnected(ConnectionID)
  /// Takes nothing new, lets what is in flight come to its end; answered by `stopped`.
  case shutdown
}

package struct PlacementResult: Hashable, Sendable {
  package var instance: InstanceID
  package var attempt: UInt32
  package var answer: PlacementAnswer
  package init(instance: InstanceID, attempt: UInt32, answer: PlacementAnswer) {
    self.instance = instance
    self.attempt = attempt
    self.answer = answer
  }
}

/// What the API asks for. The API has read the rows; the machines check them again.
///
/// Here and elsewhere what is large and rare is `indirect`: events and actions are copied by the thousand,
/// each as large as the largest.
package enum ServerRequest: Sendable {
  case submit(Submission)
  /// Many at once, all of one app: admitted or refused as a whole, answered together (`batch`) when the last of them has
  /// its answer.
  case submitBatch([Submission])
  /// Creates the job, or makes the next version of `existing`.
  indirect case putJob(app: String, spec: JobSpec, existing: Job?)
  indirect case setJobState(Job, JobState)
  /// Cancels what waits, stops what runs.
  indirect case end(Instance)
  /// Lets a held instance run again.
  indirect case release(Instance)
  indirect case putPolicy(app: String, Policy, revision: UInt64)
  /// A change of tokens, or of the audit itself.
  case access(AccessOp)
  /// The request, with what is to be remembered of it if it changes something. Submissions are not: each has its
  /// instance for a record, and there may be thousands a second.
  indirect case audited(ServerRequest, AuditEntry)
}

package struct Submission: Hashable, Sendable {
  package var definition: JobVersion
  package var key: String?
  package var parameters: String?
  /// Not before; nil: now.
  package var at: Timestamp?
  package init(definition: JobVersion, key: String? = nil, parameters: String? = nil, at: Timestamp? = nil) {
    self.definition = definition
    self.key = key
    self.parameters = parameters
    self.at = at
  }
}

package enum ServerReply: Hashable, Sendable {
  case submitted(InstanceID, duplicate: Bool)
  /// To each of a batch, in order: `submitted` or `refused`.
  case batch([ServerReply])
  indirect case job(Job)
  indirect case policy(PolicyRevision)
  /// The state that the instance is in, or is on its way to.
  case instance(InstanceID, InstanceState)
  /// What the store said to a change of tokens.
  case access(OpResult)
  case refused(RequestRefusal, String)
}

package enum RequestRefusal: Hashable, Sendable {
  /// It has changed since it was read, or its state does not allow this: read again.
  case conflict
  /// Too much waits, or the store does not write: try again when so much time has passed.
  case overloaded(retryAfter: Span)
  case unavailable
}

/// Each names one timer: arming it again replaces its time.
package enum ServerTimer: Hashable, Sendable {
  case shard(Shard)
  case session(worker: String)
  case commitRetry
  case readRetry
  case placement
  case claimRetry
  case requests
  case auditTrim
  /// The wall clock was set, and may be steady again.
  case clock
}
