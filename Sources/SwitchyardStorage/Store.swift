package import SwitchyardModel

/// The storage seam: everything durable goes through here, and no SQL is known above it.
///
/// Writes are groups of ``StoreOp``; reads are paged. Every driver passes the same conformance suite and
/// is held against ``ModelStore``, the executable specification, by random histories.
package protocol Store: Sendable {
  /// Registers this start of the server and takes over the shards, raising the epoch of each. The same
  /// start may claim again, as it must after an unknown outcome.
  ///
  /// - Throws: `inUse` when a later start of this server has registered; others when the store cannot be used.
  func claim(_ shards: [Shard], for server: ServerRef) async throws(StoreError) -> Claim

  /// Makes the group durable, or says that it did not, or that nobody knows. Never throws: the outcome
  /// is the whole truth. An empty group asks whether the store writes: it is `done` only if something was written.
  ///
  /// - Parameter tell: called once, on a thread of the store's: it passes the outcome on and returns.
  func commit(_ group: CommitGroup, then tell: @escaping @Sendable (CommitOutcome) -> Void)

  func read(_ request: OwnerRead) async throws(StoreError) -> OwnerPage

  // MARK: For the API. Pages are by the natural order of the key, at most `limit` rows. Text is compared by
  // its UTF-8 bytes.

  /// The job that bears the name now: deleted ones are reached by their identity alone.
  func job(app: String, name: String) async throws(StoreError) -> Job?
  /// Those that are not deleted, by app and name.
  func jobs(app: String?, after: JobCursor?, limit: Int) async throws(StoreError) -> [Job]
  func definition(job: JobID, version: UInt32) async throws(StoreError) -> JobVersion?
  func instance(_ id: InstanceID) async throws(StoreError) -> Instance?
  /// Of the due times of a job (occurrences `@…`), fired or skipped, the latest that is not later than `time`.
  func dueRecord(of job: JobID, by time: Timestamp) async throws(StoreError) -> Instance?
  /// Newest first.
  func instances(_ filter: InstanceFilter, before: InstanceID?, limit: Int) async throws(StoreError) -> [Instance]
  /// Those that another followed, in order; the last attempt is in the instance's own row.
  func attempts(of instance: InstanceID) async throws(StoreError) -> [PastAttempt]
  /// Of each state how many, for instances that are not over; terminal ones are counted by metrics.
  func activeCounts() async throws(StoreError) -> [InstanceState: Int]
  /// By name, judged ones included.
  func workers(after: String?, limit: Int) async throws(StoreError) -> [WorkerRecord]
  /// The newest revision of each app, by app.
  func policies() async throws(StoreError) -> [PolicyRevision]
  func policy(app: String, revision: UInt64?) async throws(StoreError) -> PolicyRevision?
  /// All of them, by identity; ``TokenRecord/limit`` bounds those that are not revoked.
  func tokens() async throws(StoreError) -> [TokenRecord]
  /// Newest first.
  func audit(_ filter: AuditFilter, before: UInt64?, limit: Int) async throws(StoreError) -> [AuditRecord]
  /// Those with jobs or a policy, by name.
  func apps() async throws(StoreError) -> [AppSummary]

  // MARK: For retention

  /// Instances that are over since before `time`, by identity, from those `below` an identity: older ones are looked
  /// at alone.
  func ended(
    before time: Timestamp, after: InstanceID?, below: InstanceID, limit: Int
  ) async throws(StoreError) -> [EndedInstance]
  /// Those of a job that are over, newest first, behind its newest `count` instances (at least one) in
  /// whatever state.
  func ended(of job: JobID, beyond count: Int, limit: Int) async throws(StoreError) -> [EndedInstance]
  /// Jobs that were deleted before `time`, by identity.
  func deletedJobs(before time: Timestamp, after: JobID?, limit: Int) async throws(StoreError) -> [JobID]

  func close() async
}

extension Store {
  /// Commits, and waits for the outcome.
  package func commit(_ group: CommitGroup) async -> CommitOutcome {
    await withCheckedContinuation { continuation in commit(group) { continuation.resume(returning: $0) } }
  }
}

/// What is forgotten of an instance: its row, and a log of each attempt.
package struct EndedInstance: Hashable, Sendable {
  package var id: InstanceID
  package var job: JobID
  /// The number of its last attempt; they count from 1.
  package var attempts: UInt32
  package init(id: InstanceID, job: JobID, attempts: UInt32) {
    self.id = id
    self.job = job
    self.attempts = attempts
  }
}

package struct Claim: Hashable, Sendable {
  package var shards: [ShardClaim]
  /// The highest identity ever stored, for ``IDGenerator``.
  package var idFloor: UInt64
  package init(shards: [ShardClaim], idFloor: UInt64) {
    self.shards = shards
    self.idFloor = idFloor
  }
}

package struct JobCursor: Hashable, Sendable {
  package var app: String
  package var name: String
  package init(app: String, name: String) {
    self.app = app
    self.name = name
  }
}

/// All set conditions must hold.
package struct InstanceFilter: Hashable, Sendable {
  package var app: String?
  package var job: JobID?
  package var states: [InstanceState]
  package var worker: String?
  package init(app: String? = nil, job: JobID? = nil, states: [InstanceState] = [], worker: String? = nil) {
    self.app = app
    self.job = job
    self.states = states
    self.worker = worker
  }
}

/// Why the store cannot serve.
package struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Code: String, Sendable {
    /// Another process holds the store.
    case inUse
    /// The schema is newer than this program.
    case tooNew
    case corrupt
    case full
    case readOnly
    case unavailable
  }

  package var code: Code
  /// Says what to do next.
  package var message: String
  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  package var description: String { message }
}
