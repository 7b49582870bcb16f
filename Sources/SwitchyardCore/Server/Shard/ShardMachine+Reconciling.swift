import SwitchyardModel

/// What a worker says it holds, against what is placed there.
///
/// | the store says | the worker has it | has its result | has not heard of it |
/// | --- | --- | --- | --- |
/// | dispatched | adopted | the result follows | sent again, the same attempt |
/// | stopping | told to stop | the result follows | ends as stopped |
/// | otherwise | told to stop; its result will be stale | stale, acknowledged | |
extension ShardMachine {
  mutating func reconcile(
    _ id: InstanceID, with item: InventoryItem?, of ref: WorkerRef, _ board: inout Switchboard
  ) {
    guard let entry = entries[id], entry.instance.worker == ref else { return }
    switch (entry.stage, item) {
    case (.placed, nil) where entry.instance.state == .stopping:
      finish(
        id, .stopped, .end(.stopped), startedAt: nil, endedAt: board.now.wall, result: nil,
        detail: "stopped before it began", &board)
    case (.placed, nil): send(id, &board)
    case (.placed, let item?), (.requestingStop, let item?):
      guard !item.finished else { return }
      if entry.acceptedAt == nil {
        entries[id]?.acceptedAt = board.now.boot
        observe(.accepted, id, &board)
      }
      entries[id]?.instance.startedAt = item.startedAt
      if entry.instance.state == .stopping { sendStop(id, &board) }
    case (.finishing, .some): entries[id]?.owesAck = true
    default: break
    }
  }
}
