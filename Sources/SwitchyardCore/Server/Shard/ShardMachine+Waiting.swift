import SwitchyardModel

/// Which waiting instances of a shard are in memory. The others are in the store, and `overflows` says so.
///
/// A scan pages through the store in order of rank until the window is full. It goes on from there when the
/// window has drained to a half, and begins anew where something was left out before that point. A window
/// that is full of what nobody takes is rotated: a half of it makes room for the next in the store, so that
/// everybody gets a turn.
struct WaitingWindow: Sendable {
  var count = 0
  var overflows = false
  /// The lowest rank that was left in the store.
  var floor = Int64.max
  /// Where the next scan goes on; nil: at the beginning.
  var scanFrom: RankCursor?
  /// The scan under way did not begin at the beginning.
  var startedInside = false
  /// Something was left out before `scanFrom`.
  var leftBehind = false
  var isScanning = false
  /// Left memory while a scan was under way: what a page says of them may be old.
  var departed: Set<InstanceID> = []
  /// Made room in this turn.
  var resting: Set<InstanceID> = []
  var nextRotation = BootTime(nanoseconds: .min)
}

extension ShardMachine {
  /// A stored, waiting, idle instance takes its place: in the queue, asleep, or in the store alone.
  mutating func park(_ id: InstanceID, _ board: inout Switchboard) {
    guard let index = entries.index(of: id), entries[at: index].stage == .waiting else { return }
    // Those of a gate are bounded by it, and not by the window.
    let isGates = entries[at: index].isAdmitted || entries[at: index].instance.state == .queued
    if !entries[at: index].isInWindow, !isGates {
      let isFar = entries[at: index].instance.readyAt > board.now.wall + board.configuration.horizon
      let rank = entries[at: index].instance.rank
      guard !isFar, hasRoom(for: rank, board.configuration.waitingWindow) else {
        if !isFar { leaveOut(rank) }
        return drop(id, &board)
      }
      enterWindow(id, &board)
    }
    enqueue(id, &board)
  }

  private func hasRoom(for rank: Int64, _ limit: Int) -> Bool {
    window.count < limit || (window.overflows && rank < window.floor && window.count < 2 * limit)
  }

  private mutating func leaveOut(_ rank: Int64) {
    window.overflows = true
    window.floor = min(window.floor, rank)
    if let from = window.scanFrom, rank > from.rank { return }
    window.leftBehind = true
  }

  private mutating func enterWindow(_ id: InstanceID, _ board: inout Switchboard) {
    entries[id]?.isInWindow = true
    window.count += 1
    board.waiting += 1
  }

  mutating func leaveWindow(_ id: InstanceID, _ board: inout Switchboard) {
    guard let index = entries.index(of: id), entries[at: index].isInWindow else { return }
    entries[at: index].isInWindow = false
    window.count -= 1
    board.waiting -= 1
    if window.overflows, window.count <= board.configuration.waitingWindow / 2 { scan(&board) }
  }

  private mutating func enqueue(_ id: InstanceID, _ board: inout Switchboard) {
    guard let index = entries.index(of: id) else { return }
    // The time of one that was stored in line had come, though the clock may have been set back since.
    let isInLine = entries[at: index].instance.state == .queued
    let readyAt = isInLine ? .distantPast : entries[at: index].instance.readyAt
    let wakeAt = max(entries[at: index].wakeAt ?? readyAt, readyAt)
    if wakeAt > board.now.wall {
      entries[at: index].wakeAt = wakeAt
      wakeTimes.insert(Mark(time: wakeAt, id: id))
      arm(&board)
    } else if mayAsk(id, &board) {
      entries[at: index].wakeAt = nil
      board.placements.insert(
        id, rank: entries[at: index].instance.rank, shard: shard, definition: entries[at: index].definition)
    } else {
      lineUp(id, &board)
    }
  }

  /// Those whose time has come are asked for.
  mutating func wake(_ board: inout Switchboard) {
    while let mark = wakeTimes.first, mark.time <= board.now.wall {
      wakeTimes.popFirst()
      guard let index = entries.index(of: mark.id), entries[at: index].wakeAt == mark.time,
        entries[at: index].stage == .waiting
      else { continue }
      enqueue(mark.id, &board)
    }
  }

  /// Takes it out of memory; the store has it.
  mutating func drop(_ id: InstanceID, _ board: inout Switchboard) {
    guard let index = entries.index(of: id) else { return }
    if window.isScanning { window.departed.insert(id) }
    board.placements.withdraw(id)
    leaveWindow(id, &board)
    yield(id, &board)
    if entries[at: index].stage == .fresh || entries[at: index].stage == .creating {
      board.fresh.leave(entries[at: index].instance.app)
    }
    if entries[at: index].isPlaced { board.placed -= 1 }
    entries.remove(id)
  }

  // MARK: Scanning

  mutating func scan(_ board: inout Switchboard) {
    guard !window.isScanning else { return }
    guard window.count < board.configuration.waitingWindow else {
      window.overflows = true
      return
    }
    if window.leftBehind { window.scanFrom = nil }
    window.leftBehind = false
    window.startedInside = window.scanFrom != nil
    window.isScanning = true
    window.departed.removeAll(keepingCapacity: true)
    readWaiting(&board)
  }

  private mutating func readWaiting(_ board: inout Switchboard) {
    board.read(
      .waiting(
        shard, readyBy: board.now.wall + board.configuration.horizon, after: window.scanFrom,
        limit: board.configuration.pageLimit), for: shard)
  }

  mutating func waitingPage(_ page: [ActiveInstance], limit: Int, _ board: inout Switchboard) {
    for row in page {
      let id = row.instance.id
      let isKnown =
        entries.contains(id) || window.departed.contains(id) || window.resting.contains(id)
        || isInLine(id, of: row.definition.job)
      if !isKnown {
        guard window.count < board.configuration.waitingWindow else {
          window.floor = min(window.floor, row.instance.rank)
          return endScan(overflows: true)
        }
        entries.insert(Entry(row.instance, row.definition, stage: .waiting))
        enterWindow(id, &board)
        enqueue(id, &board)
      }
      window.scanFrom = RankCursor(rank: row.instance.rank, instance: id)
    }
    if page.count >= limit {
      if window.count < board.configuration.waitingWindow { return readWaiting(&board) }
      return endScan(overflows: true)
    }
    window.scanFrom = nil
    endScan(overflows: window.startedInside || window.leftBehind || !window.resting.isEmpty)
    if !window.overflows { window.floor = .max }
  }

  private mutating func endScan(overflows: Bool) {
    window.isScanning = false
    window.overflows = overflows
    window.resting.removeAll()
    window.departed.removeAll(keepingCapacity: true)
  }

  /// Makes room in a window that is full of what nobody takes.
  mutating func rotate(_ board: inout Switchboard) {
    let limit = board.configuration.waitingWindow
    guard window.overflows, !window.isScanning, board.now.boot >= window.nextRotation else { return }
    window.nextRotation = board.now.boot + board.configuration.rotateEvery
    guard window.count > limit / 2 else { return scan(&board) }
    let blocked =
      entries
      .filter { $0.isInWindow && $0.stage == .waiting && $0.deferred.isEmpty && board.placements.isBlocked($0.id) }
      .map { RankCursor(rank: $0.instance.rank, instance: $0.id) }
      .sorted { $0.rank != $1.rank ? $0.rank < $1.rank : $0.instance < $1.instance }
    for cursor in blocked.prefix(limit / 2) {
      window.resting.insert(cursor.instance)
      window.floor = min(window.floor, cursor.rank)
      drop(cursor.instance, &board)
    }
    if !window.isScanning { scan(&board) }
  }
}
