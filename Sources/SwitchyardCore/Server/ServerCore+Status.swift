package import SwitchyardModel

/// What a server shows of itself, between two events.
package struct ServerStatus: Hashable, Sendable {
  /// `new`, `claiming`, `loading`, `owning`, `stopping`, `stopped`.
  package var phase: String
  /// Waiting and placed instances, and jobs that are due soon, in memory.
  package var waiting: Int
  package var placed: Int
  package var dueJobs: Int
  /// Asked for and not stored yet.
  package var fresh: Int
  /// Operations that wait for a commit or are in one.
  package var pendingOps: Int
  /// Requests that lanes have not answered.
  package var placing: Int
  /// Why the store has not written anything for a second and more; nil while it writes.
  package var storeRefusal: String?
}

package struct SessionStatus: Hashable, Sendable {
  package enum State: String, CaseIterable, Sendable {
    case joining, live, silent, draining, absent
  }

  package var ref: WorkerRef
  package var session: UInt64
  package var state: State
  package var profile: WorkerProfile
  package var placed: Int
}

extension ServerCore {
  package var isOwning: Bool { board.phase == .owning }
  package var epochs: [ShardClaim] { Shard.all.map { ShardClaim(shard: $0, epoch: board.epoch($0)) } }

  package var status: ServerStatus {
    ServerStatus(
      phase: board.phase.rawValue, waiting: board.waiting, placed: board.placed, dueJobs: board.jobs,
      fresh: board.fresh.count, pendingOps: board.commits.pending, placing: board.placements.outstanding,
      storeRefusal: board.commits.refusal)
  }

  /// How many wait to be placed, by app.
  package var placementQueues: [(app: String, count: Int)] { board.placements.depths }

  /// Workers that no verdict was passed on, by name.
  package var sessions: [SessionStatus] {
    board.sessions.sortedNames.compactMap { name in
      guard let session = board.sessions[name], let record = session.record else { return nil }
      let state: SessionStatus.State =
        switch session.stage {
        case .live: session.isSuspended ? .silent : session.isDraining ? .draining : .live
        case .looking, .joining: .joining
        case .absent, .judging: .absent
        }
      return SessionStatus(
        ref: record.ref, session: record.session, state: state, profile: record.profile,
        placed: session.placed.count)
    }
  }

  /// Since when the instance runs, as its worker said; nil when it does not, or nobody said so yet. `running`
  /// is not a durable state.
  package func running(_ id: InstanceID, in shard: Shard) -> Timestamp? {
    guard let entry = shards[Int(shard.number)].entries[id] else { return nil }
    switch entry.stage {
    case .placed, .requestingStop, .finishing: return entry.instance.startedAt
    default: return nil
    }
  }

  /// Why the instance waits, as the last lane that was asked for one like it said; nil when it does not wait, or
  /// was not asked for yet.
  package func waitingReason(_ id: InstanceID, in shard: Shard) -> String? {
    guard let entry = shards[Int(shard.number)].entries[id], entry.stage == .waiting else { return nil }
    return board.placements.reason(app: entry.instance.app, entry.definition.requirements)
  }
}
