import SwitchyardModel

/// Claiming the shards, loading them, resigning, stopping.
extension ServerCore {
  mutating func claim() {
    board.phase = .claiming
    board.actions.append(.claim(Shard.all))
  }

  mutating func claimFailed() {
    guard board.phase == .claiming else { return }
    claimFailures = min(claimFailures + 1, 6)
    let wait = Span.milliseconds(100) * (1 << (claimFailures - 1))
    let jitter = Span(nanoseconds: Int64(board.random.below(UInt64(wait.nanoseconds))))
    board.arm(.claimRetry, at: board.now.boot + wait + jitter)
  }

  mutating func claimed(_ claims: [ShardClaim], _ floor: UInt64) {
    guard board.phase == .claiming else { return }
    guard claims.count == Shard.count else { return claimFailed() }
    claimFailures = 0
    claimedAt = board.now.boot
    for claim in claims { board.epochs[Int(claim.shard.number)] = claim.epoch }
    board.reserveIDs(upTo: floor)
    board.phase = .loading
    board.read(.workers(after: nil, limit: board.configuration.pageLimit))
    for index in shards.indices { shards[index].load(&board) }
  }

  mutating func workersPage(_ page: [WorkerRecord], limit: Int) {
    for record in page {
      board.sessions[record.ref.name] = SessionMachine(name: record.ref.name, record: record, heardAt: claimedAt)
    }
    if page.count >= limit, let last = page.last { board.read(.workers(after: last.ref.name, limit: limit)) }
    ownIfLoaded()
  }

  /// All is loaded when nothing is left to read: each page that is not the last has asked for the next by now.
  mutating func ownIfLoaded() {
    guard board.phase == .loading, board.reads.isIdle else { return }
    board.phase = .owning
    board.publish(.owned(shards: shards.count))
    for index in shards.indices { shards[index].begin(&board) }
    for name in board.sessions.sortedNames { armSession(name) }
    board.arm(.auditTrim, at: board.now.boot + .seconds(300))
    greetParked()
  }

  // MARK: Reads

  mutating func answered(_ token: Token, _ page: OwnerPage?) {
    guard let question = board.reads.answered(token, page, at: board.now, into: &board.actions), let page
    else { return }
    let shard = question.shard.map { Int($0.number) } ?? 0
    switch (question.request, page) {
    case (.dueJobs(_, let until, _, let limit), .jobs(let jobs)):
      shards[shard].duePage(jobs, until: until, limit: limit, &board)
    case (.waiting(_, _, _, let limit), .instances(let rows)): shards[shard].waitingPage(rows, limit: limit, &board)
    case (.placed(_, _, let limit), .instances(let rows)): shards[shard].placedPage(rows, limit: limit, &board)
    case (.queued(_, _, let limit), .instances(let rows)): shards[shard].queuedPage(rows, limit: limit, &board)
    case (.instance(let id), .instances(let rows)): shards[shard].instancePage(id, rows.first, &board)
    case (.job(let id), .jobs(let rows)): shards[shard].jobPage(id, rows.first, &board)
    case (.workers(_, let limit), .workers(let records)): return workersPage(records, limit: limit)
    case (.worker(let name), .workers(let records)): return workerFound(name, records.first)
    default: return resign("the store answered a read with something else")
    }
    ownIfLoaded()
  }

  // MARK: Resigning

  /// What is in memory may be wrong: drops it, closes the streams, and claims anew. Workers come back with
  /// their inventories.
  mutating func resign(_ reason: String) {
    guard board.phase == .loading || board.phase == .owning || board.phase == .stopping else { return }
    board.publish(.resigned(reason: reason))
    for token in board.takeRequests() {
      board.actions.append(.reply(token, .refused(.unavailable, "the outcome is unknown: look before trying again")))
    }
    for name in board.sessions.sortedNames {
      guard let session = board.sessions[name] else { continue }
      if session.isShown, let ref = session.record?.ref { board.node(.left(ref)) }
      if let waiting = session.waiting { parked.append(waiting) }
      if let connection = session.connection { board.actions.append(.close(connection)) }
    }
    let wasStopping = board.phase == .stopping
    board.reset()
    shards = Shard.all.map(ShardMachine.init)
    policies.removeAll()
    accesses.removeAll()
    if wasStopping { return stop() }
    claim()
  }

  // MARK: Stopping

  mutating func shutdown() {
    switch board.phase {
    case .stopping, .stopped: return
    case .owning:
      board.phase = .stopping
      for stream in parked { board.actions.append(.close(stream.connection)) }
      parked = []
      for index in shards.indices { shards[index].flush(&board) }
    case .new, .claiming, .loading:
      for token in board.takeRequests() {
        board.actions.append(.reply(token, .refused(.unavailable, "the server is stopping")))
      }
      stop()
    }
  }

  /// Nothing is owed any more: no commit, no answer of a lane, no answer to a client.
  mutating func stopIfDone() {
    guard board.phase == .stopping, board.commits.isIdle, board.placements.outstanding == 0,
      board.requestCount == 0
    else { return }
    stop()
  }

  private mutating func stop() {
    for name in board.sessions.sortedNames {
      if let connection = board.sessions[name]?.connection { board.actions.append(.close(connection)) }
    }
    for stream in parked { board.actions.append(.close(stream.connection)) }
    parked = []
    board.phase = .stopped
    board.actions.append(.stopped)
  }
}
