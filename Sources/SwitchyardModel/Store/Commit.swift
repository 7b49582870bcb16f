/// One start of one server, the author of commits.
package struct ServerRef: Hashable, Sendable {
  package var id: String
  package var incarnation: UInt64
  package init(id: String, incarnation: UInt64) {
    self.id = id
    self.incarnation = incarnation
  }
}

/// Operations that become durable together, in order.
package struct CommitGroup: Hashable, Sendable {
  package var server: ServerRef
  package var ops: [StoreOp]
  package init(server: ServerRef, ops: [StoreOp]) {
    self.server = server
    self.ops = ops
  }
}

package enum CommitOutcome: Hashable, Sendable {
  /// Durable. One answer for each operation, in order.
  case done([OpResult])
  /// The server has been expelled or superseded: it must stop writing. Nothing was applied.
  case expelled
  /// Nothing was applied; the reason is for people. It may be tried again.
  case aborted(String)
  /// Nobody knows whether it was applied. The owner must resign its shards and claim them anew.
  case unknown(String)
}

package enum OpResult: Hashable, Sendable {
  case applied
  /// A guard did not hold; nothing changed.
  case conflict
  /// It is there already. For `createInstance` and `createJob`: under this identity.
  case duplicate(UInt64?)
  /// The shard has a higher epoch; nothing changed.
  case fenced
}

package struct ShardClaim: Hashable, Sendable {
  package var shard: Shard
  package var epoch: Epoch
  package init(shard: Shard, epoch: Epoch) {
    self.shard = shard
    self.epoch = epoch
  }
}
