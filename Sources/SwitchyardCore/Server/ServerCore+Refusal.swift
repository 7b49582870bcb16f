import SwitchyardModel

/// What becomes of requests when the store does not write: a full disk, or one that has become read-only.
///
/// Workers notice nothing: their leases and heartbeats need no commit, and what they report waits here. Due
/// times wait too. Clients do not: within a second or two each is told.
extension ServerCore {
  /// The store has refused for so long that nobody is to wait for it any more.
  ///
  /// What was submitted is taken back, so that it does not run after its client was told that it failed. Other
  /// requests depend on rows that may be locked by what waits, and stay under way: of those nobody knows.
  mutating func answerRefused(_ reason: String) {
    let withdrawn = board.commits.withdraw { [shards] op in
      guard case .shard(let shard, _) = op.authority else { return false }
      return shards[Int(shard.number)].isSubmission(op.verb)
    }
    for op in withdrawn {
      guard case .createInstance(let instance, _) = op.verb else { continue }
      shards[Int(instance.shard.number)].withdraw(
        instance.id, "the store does not write now, and nothing was stored: \(reason)", &board)
    }
    for token in board.takeRequests() {
      board.actions.append(
        .reply(
          token,
          .refused(
            .unavailable,
            "the store does not write now, and this request waits for it: look what became of it before trying "
              + "again: \(reason)")))
    }
  }

  /// The time of requests that the store has not answered is over: it hangs.
  mutating func answerOverdue() {
    for token in board.takeOverdueRequests() {
      board.actions.append(
        .reply(
          token,
          .refused(
            .unavailable, "the store does not answer, and the outcome is unknown: look before trying again")))
    }
  }
}

extension ShardMachine {
  /// Whether the operation stores what a client waits for and what is not stored yet.
  func isSubmission(_ verb: StoreOp.Verb) -> Bool {
    let id: InstanceID
    switch verb {
    case .createInstance(let instance, nil): id = instance.id
    case .dispatch(let dispatch): id = dispatch.instance
    default: return false
    }
    guard let index = entries.index(of: id) else { return false }
    return entries[at: index].stage == .creating && entries[at: index].submitter != nil
  }

  /// What was submitted comes to nothing.
  mutating func withdraw(_ id: InstanceID, _ reason: String, _ board: inout Switchboard) {
    guard let index = entries.index(of: id) else { return }
    board.refuse(entries[at: index].submitter, .unavailable, reason)
    vanish(id, &board)
  }
}
