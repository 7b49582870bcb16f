package import SwitchyardModel

/// Where everything inside a server stands between two events, in words: for simulations that count which transitions
/// were reached. Nothing in the product reads it.
package struct ServerInside: Sendable {
  package var phase: String
  /// Of each instance in memory its stage.
  package var entries: [InstanceID: String] = [:]
  /// What is deferred, and in which stage the instance is meanwhile.
  package var deferrals: Set<String> = []
  /// Of each worker its session's stage.
  package var sessions: [String: String] = [:]
  /// What is under way for jobs.
  package var jobWork: Set<String> = []

  package init(phase: String) { self.phase = phase }
}

extension ServerCore {
  package var inside: ServerInside {
    var inside = ServerInside(phase: board.phase.rawValue)
    // By index, and only where anything is: to copy each machine for each look takes longer than a whole run.
    for index in shards.indices
    where shards[index].entries.count > 0 || !shards[index].lookups.isEmpty || !shards[index].jobWork.isEmpty {
      shards[index].describe(into: &inside)
    }
    for name in board.sessions.sortedNames { inside.sessions[name] = board.sessions[name]?.word }
    return inside
  }
}

extension ShardMachine {
  fileprivate func describe(into inside: inout ServerInside) {
    for id in entries.sortedIDs {
      guard let index = entries.index(of: id) else { continue }
      let stage = entries[at: index].stage
      inside.entries[id] = stage.word
      for deferral in entries[at: index].deferred { inside.deferrals.insert("\(deferral.word) while \(stage.word)") }
    }
    for deferrals in lookups.values {
      for deferral in deferrals { inside.deferrals.insert("\(deferral.word) while looked up") }
    }
    for work in jobWork.values { if let word = work.first?.kind.word { inside.jobWork.insert(word) } }
  }
}

extension SessionMachine {
  fileprivate var word: String {
    switch stage {
    case .looking: "looking"
    case .absent: "absent"
    case .joining(_, let replaced): replaced == nil ? "joining" : "replacing"
    case .live: isSuspended ? "silent" : isDraining ? "draining" : "live"
    case .judging(let verdict, _): "judging \(verdict)"
    }
  }
}

extension Entry.Stage {
  fileprivate var word: String {
    switch self {
    case .fresh: "fresh"
    case .creating: "creating"
    case .waiting: "waiting"
    case .dispatching: "dispatching"
    case .settling: "settling"
    case .placed: "placed"
    case .requestingStop: "requestingStop"
    case .finishing: "finishing"
    case .held: "held"
    case .rereading: "rereading"
    }
  }
}

extension Deferral {
  fileprivate var word: String {
    switch self {
    case .result: "result"
    case .lost: "lost"
    case .end: "end"
    case .release: "release"
    case .chain: "chain"
    }
  }
}

extension JobWork.Kind {
  fileprivate var word: String {
    switch self {
    case .create: "create"
    case .edit: "edit"
    case .set: "set"
    case .mendChain: "mend chain"
    case .keepToLife: "keep to life"
    case .refresh: "refresh"
    }
  }
}
