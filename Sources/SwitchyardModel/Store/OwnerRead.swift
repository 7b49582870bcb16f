/// What the owner of shards reads to do its work. Every answer is bounded by `limit`; cursors are
/// exclusive.
package enum OwnerRead: Hashable, Sendable {
  /// Enabled jobs of the shard with `nextFire <= until`, by (nextFire, id).
  case dueJobs(Shard, until: Timestamp, after: DueCursor?, limit: Int)
  /// Waiting instances of the shard with `readyAt <= readyBy`, by (rank, id).
  case waiting(Shard, readyBy: Timestamp, after: RankCursor?, limit: Int)
  /// Instances of the shard that are dispatched or stopping, by id.
  case placed(Shard, after: InstanceID?, limit: Int)
  /// Instances of the shard that are queued, by id.
  case queued(Shard, after: InstanceID?, limit: Int)
  /// In whatever state it is; an empty page when there is none.
  case instance(InstanceID)
  /// Deleted ones too; an empty page when there is none.
  case job(JobID)
  /// Workers whose last incarnation bears no verdict, by name.
  case workers(after: String?, limit: Int)
  /// The last incarnation of the worker of that name, judged or not; an empty page when there is none.
  case worker(name: String)
}

package enum OwnerPage: Hashable, Sendable {
  case jobs([Job])
  case instances([ActiveInstance])
  case workers([WorkerRecord])
}

package struct DueCursor: Hashable, Sendable {
  package var nextFire: Timestamp
  package var job: JobID
  package init(nextFire: Timestamp, job: JobID) {
    self.nextFire = nextFire
    self.job = job
  }
}

package struct RankCursor: Hashable, Sendable {
  package var rank: Int64
  package var instance: InstanceID
  package init(rank: Int64, instance: InstanceID) {
    self.rank = rank
    self.instance = instance
  }
}
