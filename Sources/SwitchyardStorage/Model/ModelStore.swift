package import SwitchyardModel

/// The specification as a store: for tests, and wherever nothing has to survive the process.
package actor ModelStore: Store {
  package private(set) var state: ModelState
  private var isOpen = true

  package init(_ state: ModelState = ModelState()) { self.state = state }

  package func claim(_ shards: [Shard], for server: ServerRef) throws(StoreError) -> Claim {
    try checkOpen()
    return try state.claim(shards, for: server)
  }

  package nonisolated func commit(_ group: CommitGroup, then tell: @escaping @Sendable (CommitOutcome) -> Void) {
    Task { await apply(group, tell) }
  }

  private func apply(_ group: CommitGroup, _ tell: (CommitOutcome) -> Void) {
    tell(isOpen ? state.apply(group) : .aborted(StoreError.closed.message))
  }

  package func read(_ request: OwnerRead) throws(StoreError) -> OwnerPage {
    try checkOpen()
    return state.read(request)
  }

  package func job(app: String, name: String) throws(StoreError) -> Job? {
    try checkOpen()
    return state.job(app: app, name: name)
  }

  package func jobs(app: String?, after: JobCursor?, limit: Int) throws(StoreError) -> [Job] {
    try checkOpen()
    return state.jobs(app: app, after: after, limit: limit)
  }

  package func definition(job: JobID, version: UInt32) throws(StoreError) -> JobVersion? {
    try checkOpen()
    return state.definition(job: job, version: version)
  }

  package func instance(_ id: InstanceID) throws(StoreError) -> Instance? {
    try checkOpen()
    return state.instance(id)
  }

  package func dueRecord(of job: JobID, by time: Timestamp) throws(StoreError) -> Instance? {
    try checkOpen()
    return state.dueRecord(of: job, by: time)
  }

  package func instances(
    _ filter: InstanceFilter, before: InstanceID?, limit: Int
  ) throws(StoreError) -> [Instance] {
    try checkOpen()
    return state.instances(filter, before: before, limit: limit)
  }

  package func attempts(of instance: InstanceID) throws(StoreError) -> [PastAttempt] {
    try checkOpen()
    return state.attempts(of: instance)
  }

  package func activeCounts() throws(StoreError) -> [InstanceState: Int] {
    try checkOpen()
    return state.activeCounts()
  }

  package func workers(after: String?, limit: Int) throws(StoreError) -> [WorkerRecord] {
    try checkOpen()
    return state.workers(after: after, limit: limit)
  }

  package func policies() throws(StoreError) -> [PolicyRevision] {
    try checkOpen()
    return state.policies()
  }

  package func policy(app: String, revision: UInt64?) throws(StoreError) -> PolicyRevision? {
    try checkOpen()
    return state.policy(app: app, revision: revision)
  }

  package func ended(
    before time: Timestamp, after: InstanceID?, below: InstanceID, limit: Int
  ) throws(StoreError) -> [EndedInstance] {
    try checkOpen()
    return state.ended(before: time, after: after, below: below, limit: limit)
  }

  package func ended(of job: JobID, beyond count: Int, limit: Int) throws(StoreError) -> [EndedInstance] {
    try checkOpen()
    return state.ended(of: job, beyond: count, limit: limit)
  }

  package func deletedJobs(before time: Timestamp, after: JobID?, limit: Int) throws(StoreError) -> [JobID] {
    try checkOpen()
    return state.deletedJobs(before: time, after: after, limit: limit)
  }

  package func tokens() throws(StoreError) -> [TokenRecord] {
    try checkOpen()
    return state.tokens()
  }

  package func audit(_ filter: AuditFilter, before: UInt64?, limit: Int) throws(StoreError) -> [AuditRecord] {
    try checkOpen()
    return state.audit(filter, before: before, limit: limit)
  }

  package func apps() throws(StoreError) -> [AppSummary] {
    try checkOpen()
    return state.apps()
  }

  package func close() { isOpen = false }

  private func checkOpen() throws(StoreError) {
    guard isOpen else { throw .closed }
  }
}

extension StoreError {
  package static let closed = StoreError(.unavailable, "the store has been closed; this server is shutting down")
}
