/// A write in the verbs of scheduling. Each is idempotent by a natural key and guarded; a guard that
/// fails is an answer (`conflict`, `duplicate`, `fenced`), never an error of the whole commit.
package struct StoreOp: Hashable, Sendable {
  package var authority: Authority
  package var verb: Verb
  private var note: Note?

  /// - Parameter audit: what is remembered of it in the same commit, if it applies.
  package init(_ authority: Authority, _ verb: Verb, audit: AuditEntry? = nil) {
    self.authority = authority
    self.verb = verb
    note = audit.map(Note.entry)
  }

  package var audit: AuditEntry? {
    guard case .entry(let entry) = note else { return nil }
    return entry
  }

  /// Boxed: operations are copied by the thousand, and few have one.
  private indirect enum Note: Hashable, Sendable {
    case entry(AuditEntry)
  }

  /// By what right the write is made, besides the server fence that guards the whole commit.
  package enum Authority: Hashable, Sendable {
    /// As owner of the shard in this epoch; with any other epoch than the shard's the answer is `fenced`.
    case shard(Shard, Epoch)
    /// As a live server: workers, policies.
    case server
  }

  /// Writes to jobs and instances need the authority of the shard that the row is in, else they are
  /// `fenced`; a row that is not there answers `conflict`.
  package enum Verb: Hashable, Sendable {
    /// Creates a job at version 1. `duplicate` when the app has a job of that name that is not deleted;
    /// `conflict` when its identity is taken, or when it is born deleted.
    indirect case createJob(Job)
    /// Replaces a job by its next version, but for `createdAt`; `nextFire` and `chain` become what is given.
    /// `conflict` unless the stored one has `job.version - 1`, the same app and name, and neither is deleted.
    indirect case editJob(Job)
    /// Pauses, resumes or deletes; `conflict` unless the version is that. Versions do not grow by it, and
    /// the chain stays. A deleted job has no next due time and its name is free; it stays deleted, and
    /// deleting it again answers `duplicate`.
    case setJobState(JobStateChange)
    /// Inserts an instance, waiting, queued or skipped; `duplicate` when `(job, occurrence)` exists. `conflict` when
    /// the job is not there, not of that app, or has no such version; when it is deleted and there is no
    /// due guard; when the identity is taken; when an occurrence `id:…` is not the instance's own.
    ///
    /// With a `due` guard that does not hold nothing is inserted: `conflict`. With one that holds the job
    /// advances, and does so too when the answer is `duplicate` (its chain, if the guard has one, then
    /// stands at the instance that exists): a due time that has fired never comes up again.
    case createInstance(Instance, DueGuard?)
    /// waiting or queued → dispatched, one attempt more; `conflict` unless it is that with that attempt. Whether the
    /// worker exists, and whether `readyAt` has come, is the owner's business.
    case dispatch(Dispatch)
    /// dispatched or stopping → an end, waiting again, or held; `conflict` unless attempt and worker match
    /// and ``InstanceState/mayBecome(_:)`` allows it (what is stopping only ends).
    case finish(Finish)
    /// waiting, queued or held → cancelled, expired or (nobody will ever fit) failed, or held → waiting; `conflict`
    /// unless in `from` with that attempt and ``InstanceState/mayBecome(_:)`` allows it (what is held does not
    /// expire or fail).
    case settle(Settlement)
    /// dispatched → stopping; `conflict` unless attempt matches, `duplicate` when it is stopping already.
    case requestStop(InstanceID, attempt: UInt32)
    /// Registers a session of a worker, without a verdict; `conflict` unless the stored session is lower and
    /// the stored incarnation not higher, or when that incarnation bears a verdict. One row for each name:
    /// an incarnation that a higher one has followed counts as judged.
    indirect case putWorker(WorkerRecord)
    /// The incarnation is lost, for good; `seenAt` becomes `at`. `duplicate` when it is already, or when a
    /// higher incarnation is stored; `conflict` when a higher session than `session` is stored, or when the
    /// incarnation is not known.
    case judgeWorker(WorkerRef, session: UInt64, verdict: Verdict, at: Timestamp)
    /// Forgets those that are over since before `endedBefore`, with their attempts; the others stay. `conflict`
    /// when none was there to forget. The highest identity of all stays: it tells the next server where to go on.
    case purgeInstances([InstanceID], endedBefore: Timestamp)
    /// Forgets versions that are not the current one and that no instance keeps; of a deleted job that no instance
    /// belongs to, everything. `conflict` when nothing was to be forgotten, when the job has changed since
    /// `unchangedSince` (a version may be on its way to a new instance).
    case purgeJob(JobID, unchangedSince: Timestamp)
    /// Forgets a worker that was judged before this time; else `conflict`.
    case purgeWorker(name: String, judgedBefore: Timestamp)
    /// A new revision; `conflict` unless `revision` is the stored one plus one (the first is 1).
    case putPolicy(PolicyRevision)
    /// Tokens and the audit.
    case access(AccessOp)
  }
}

/// What must hold of a job for one of its due times to fire, and what it becomes in the same commit.
package struct DueGuard: Hashable, Sendable {
  package var jobVersion: UInt32
  package var expectedNextFire: Timestamp
  package var nextFire: Timestamp?
  /// For a fixed delay: the instance that now carries the chain.
  package var chain: InstanceID?
  package init(jobVersion: UInt32, expectedNextFire: Timestamp, nextFire: Timestamp?, chain: InstanceID?) {
    self.jobVersion = jobVersion
    self.expectedNextFire = expectedNextFire
    self.nextFire = nextFire
    self.chain = chain
  }
}

package struct JobStateChange: Hashable, Sendable {
  package var job: JobID
  package var version: UInt32
  package var state: JobState
  package var nextFire: Timestamp?
  package var at: Timestamp
  package init(job: JobID, version: UInt32, state: JobState, nextFire: Timestamp?, at: Timestamp) {
    self.job = job
    self.version = version
    self.state = state
    self.nextFire = nextFire
    self.at = at
  }
}

package struct Dispatch: Hashable, Sendable {
  package var instance: InstanceID
  /// The attempt the row has now; the dispatch makes it one more.
  package var expectedAttempt: UInt32
  package var worker: WorkerRef
  package var at: Timestamp
  package init(instance: InstanceID, expectedAttempt: UInt32, worker: WorkerRef, at: Timestamp) {
    self.instance = instance
    self.expectedAttempt = expectedAttempt
    self.worker = worker
    self.at = at
  }
}

package struct Finish: Hashable, Sendable {
  package var instance: InstanceID
  package var attempt: UInt32
  package var worker: WorkerRef
  package var outcome: AttemptOutcome
  package var next: Next
  package var startedAt: Timestamp?
  package var endedAt: Timestamp
  package var result: String?
  package var detail: String?
  /// Advances a fixed-delay chain in the same commit, where the job still waits for this instance.
  package var chain: ChainAdvance?

  package enum Next: Hashable, Sendable {
    /// A terminal state, with `startedAt`, `endedAt`, `result` and `detail` as given; `tries` grows by one when
    /// the outcome counts as a try.
    case end(InstanceState)
    /// Waits again; `tries` is the new count. The ended attempt goes to the history: the row keeps its
    /// worker and the detail, but not its times.
    case wait(readyAt: Timestamp, tries: UInt32)
    /// `onLost: hold`. The ended attempt goes to the history as with `wait`.
    case hold
  }

  package init(
    instance: InstanceID, attempt: UInt32, worker: WorkerRef, outcome: AttemptOutcome, next: Next,
    startedAt: Timestamp?, endedAt: Timestamp, result: String? = nil, detail: String? = nil,
    chain: ChainAdvance? = nil
  ) {
    self.instance = instance
    self.attempt = attempt
    self.worker = worker
    self.outcome = outcome
    self.next = next
    self.startedAt = startedAt
    self.endedAt = endedAt
    self.result = result
    self.detail = detail
    self.chain = chain
  }
}

/// Sets a fixed-delay job's next due time if its chain still stands at `predecessor`, it is enabled, and the
/// operation has the authority of its shard; otherwise it changes nothing, and the operation that carries
/// it is not affected. The chain stays at the predecessor until the next link is created.
package struct ChainAdvance: Hashable, Sendable {
  package var job: JobID
  package var predecessor: InstanceID
  package var nextFire: Timestamp
  package init(job: JobID, predecessor: InstanceID, nextFire: Timestamp) {
    self.job = job
    self.predecessor = predecessor
    self.nextFire = nextFire
  }
}

/// An end without a run, at the time `at`; or, to `waiting`, a release: `readyAt` becomes `at`.
package struct Settlement: Hashable, Sendable {
  package var instance: InstanceID
  package var attempt: UInt32
  package var from: InstanceState
  package var to: InstanceState
  package var at: Timestamp
  package var detail: String?
  package var chain: ChainAdvance?
  package init(
    instance: InstanceID, attempt: UInt32, from: InstanceState, to: InstanceState, at: Timestamp,
    detail: String? = nil, chain: ChainAdvance? = nil
  ) {
    self.instance = instance
    self.attempt = attempt
    self.from = from
    self.to = to
    self.at = at
    self.detail = detail
    self.chain = chain
  }
}

/// A worker as the store knows it: who holds its stream, and whether it was judged.
package struct WorkerRecord: Hashable, Sendable {
  package var ref: WorkerRef
  /// Grows with each stream of this worker to any server.
  package var session: UInt64
  /// Proves that a new incarnation stands on the old one's data directory; see `Hello.lineage`.
  package var lineage: UInt64
  /// The server that holds the stream.
  package var home: String
  package var verdict: Verdict?
  package var profile: WorkerProfile
  package var seenAt: Timestamp
  package init(
    ref: WorkerRef, session: UInt64, lineage: UInt64, home: String, verdict: Verdict? = nil,
    profile: WorkerProfile, seenAt: Timestamp
  ) {
    self.ref = ref
    self.session = session
    self.lineage = lineage
    self.home = home
    self.verdict = verdict
    self.profile = profile
    self.seenAt = seenAt
  }
}

package enum Verdict: UInt8, CaseIterable, Sendable {
  /// Its lease ran out.
  case lost = 1
  /// It said good-bye, or its successor reported that nothing of it runs.
  case left = 2
}
