/// A definition as the store holds it. An edit makes a new, immutable version, which its instances keep.
package struct Job: Hashable, Sendable {
  package var id: JobID
  package var app: String
  package var version: UInt32
  package var state: JobState
  package var spec: JobSpec
  /// The next due time; nil: none comes (API only, paused, ended, or a fixed delay whose run is under way).
  package var nextFire: Timestamp?
  /// Where a fixed rate counts from; moves only when the schedule itself is edited.
  package var anchor: Timestamp
  /// For a fixed delay: the instance that must end before `nextFire` is set.
  package var chain: InstanceID?
  package var createdAt: Timestamp
  package var updatedAt: Timestamp

  package init(
    id: JobID, app: String, version: UInt32 = 1, state: JobState = .enabled, spec: JobSpec,
    nextFire: Timestamp? = nil, anchor: Timestamp, chain: InstanceID? = nil, createdAt: Timestamp,
    updatedAt: Timestamp
  ) {
    self.id = id
    self.app = app
    self.version = version
    self.state = state
    self.spec = spec
    self.nextFire = nextFire
    self.anchor = anchor
    self.chain = chain
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }

  package var shard: Shard { Shard(of: id) }

  /// It has a schedule, and no due time is to come of it.
  package func hasEnded(at now: Timestamp) -> Bool {
    state == .enabled && spec.schedule != .api && nextFire == nil && (chain == nil || spec.isOver(at: now))
  }
}

/// `enabled ⇄ paused`, each `→ deleted`; a deleted job is a tombstone that its instances still refer to.
package enum JobState: String, CaseIterable, Sendable {
  case enabled, paused, deleted
}
