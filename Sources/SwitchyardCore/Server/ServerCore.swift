package import SwitchyardModel

/// A whole server as a value: its shards, its commits, its sessions with workers. The driver and the
/// simulator both drive this one.
///
/// It owns all 256 shards. Nothing is applied, sent or acknowledged before the outcome of its commit is
/// known; when nobody knows it, everything held in memory is dropped, claimed and read again.
///
/// ```
/// new ─► claiming ─► loading ─► owning ─► stopping ─► stopped
///           ▲           │          │
///           └─ resigned ┴──────────┘    (unknown outcome, expelled, fenced)
/// ```
package struct ServerCore: Sendable {
  var shards: [ShardMachine]
  var board: Switchboard
  /// Streams that said hello before the shards were loaded, in order.
  var parked: [SessionMachine.Stream] = []
  /// Policies on their way to the store, with who asked for them.
  var policies = Fifo<(Token, PolicyRevision)>()
  /// Who asked for the changes of tokens that are on their way; nil: the core itself.
  var accesses = Fifo<Token?>()
  var claimFailures: Int64 = 0
  /// Since when the workers of the store have time to come back.
  var claimedAt = BootTime(nanoseconds: 0)
  var placementArmed = false

  /// - Parameters:
  ///   - server: this start of this server.
  ///   - zones: finds a time zone by its IANA name; nil when it is not known here. It should remember what it read.
  package init(
    server: ServerRef, configuration: ServerConfiguration = ServerConfiguration(),
    zones: @escaping @Sendable (String) -> TimeZoneRules?
  ) {
    shards = Shard.all.map(ShardMachine.init)
    board = Switchboard(server: server, configuration: configuration, zones: zones)
  }

  /// Handles one event.
  package mutating func handle(
    _ event: ServerEvent, at now: Instants, random: inout SeededRandom, into actions: inout ServerActions
  ) {
    begin(at: now, random, &actions)
    apply(event)
    end(&random, &actions)
  }

  /// Handles events that came together: what they want written goes into one commit, what they want placed
  /// into one question.
  package mutating func handle(
    contentsOf events: [ServerEvent], at now: Instants, random: inout SeededRandom, into actions: inout ServerActions
  ) {
    begin(at: now, random, &actions)
    for event in events { apply(event) }
    end(&random, &actions)
  }

  private mutating func begin(at now: Instants, _ random: SeededRandom, _ actions: inout ServerActions) {
    swap(&board.actions, &actions)
    board.now = now
    board.random = random
    watchClock()
  }

  private mutating func end(_ random: inout SeededRandom, _ actions: inout ServerActions) {
    settle()
    random = board.random
    swap(&board.actions, &actions)
  }

  private mutating func apply(_ event: ServerEvent) {
    switch event {
    case .start: if board.phase == .new { claim() }
    case .claimed(let claims, let floor): claimed(claims, floor)
    case .claimFailed: claimFailed()
    case .committed(let token, let outcome): committed(token, outcome)
    case .read(let token, let page): answered(token, page)
    case .request(let token, let request): perform(request, token)
    case .placed(let results): for result in results { placed(result) }
    case .viewChanged(let app): board.placements.viewChanged(app: app)
    case .timer(let timer): expired(timer)
    case .connected(let connection, let hello): connected(connection, hello)
    case .received(let connection, let message): received(message, connection)
    case .disconnected(let connection): disconnected(connection)
    case .shutdown: shutdown()
    }
  }

  private mutating func expired(_ timer: ServerTimer) {
    switch timer {
    case .shard(let shard): shards[Int(shard.number)].timer(&board)
    case .session(let name): sessionTimer(name)
    case .commitRetry: board.commits.retry(lastToken: &board.lastToken, into: &board.actions)
    case .readRetry: board.reads.retry()
    case .placement:
      placementArmed = false
      board.placements.probe()
    case .requests: answerOverdue()
    case .clock: clockTimer()
    case .claimRetry: if board.phase == .claiming { board.actions.append(.claim(Shard.all)) }
    case .auditTrim: trimAudit()
    }
  }

  // MARK: The clock

  private mutating func watchClock() {
    guard let step = board.clock.look(at: board.now), let until = board.clock.holdsUntil else { return }
    board.publish(.clockStepped(by: step))
    board.arm(.clock, at: until)
  }

  /// The wall clock may be steady again: what has become due fires.
  private mutating func clockTimer() {
    guard board.clock.mayRelease(at: board.now.boot) else {
      if let until = board.clock.holdsUntil { board.arm(.clock, at: until) }
      return
    }
    guard board.phase == .owning else { return }
    for index in shards.indices { shards[index].clockIsSteady(&board) }
  }

  /// After the events: asks, reads and commits what they led to.
  private mutating func settle() {
    askLanes()
    if board.audited >= Switchboard.auditTrimEvery { trimAudit() }
    board.reads.flush(lastToken: &board.lastToken, into: &board.actions)
    board.commits.flush(lastToken: &board.lastToken, into: &board.actions)
    stopIfDone()
  }

  // MARK: Placement

  private mutating func askLanes() {
    guard board.phase == .owning, board.placements.abandoned == 0 else { return }
    while let batch = board.placements.nextBatch() {
      var requests: [PlacementRequest] = []
      requests.reserveCapacity(batch.count)
      for (instance, shard) in batch {
        if let request = shards[Int(shard.number)].placementRequest(instance) {
          requests.append(request)
        } else {
          _ = board.placements.answered(instance, foundNobody: false)
          answerStranded()
        }
      }
      if !requests.isEmpty { board.actions.append(.place(requests)) }
    }
    if !placementArmed, board.placements.queued > 0 {
      placementArmed = true
      board.arm(.placement, at: board.now.boot + board.configuration.placementRetry)
    }
  }

  private mutating func placed(_ result: PlacementResult) {
    guard board.placements.abandoned == 0 else {
      // Asked before the owner resigned; the credits went with the rows of the node table.
      board.placements.answeredAbandoned()
      return greetParked()
    }
    var foundNobody = false
    if case .nobody(let reason) = result.answer {
      foundNobody = true
      board.placements.note(reason, of: result.instance)
    }
    guard let place = board.placements.answered(result.instance, foundNobody: foundNobody) else {
      return board.count("placement.unasked")
    }
    shards[Int(place.shard.number)].answered(result.instance, result.answer, slots: place.slots, &board)
    answerStranded()
  }

  /// What is not stored yet does not wait behind a block: it is stored, waiting.
  private mutating func answerStranded() {
    for (instance, place) in board.placements.takeStranded() {
      let answer = PlacementAnswer.nobody(reason: "nobody takes others like it now")
      shards[Int(place.shard.number)].answered(instance, answer, slots: place.slots, &board)
    }
  }

  // MARK: Commits

  private mutating func committed(_ token: Token, _ outcome: CommitOutcome) {
    let ending = board.commits.committed(
      token, outcome, at: board.now, random: &board.random, into: &board.actions)
    switch ending {
    case .ignored: board.count("commit.late")
    case .backsOff:
      board.count("commit.aborted")
      if let reason = board.commits.refusal { answerRefused(reason) }
    case .resign(let reason): resign(reason)
    case .done(let ops, let results):
      if let fenced = results.firstIndex(of: .fenced) {
        return resign("the shard of operation \(fenced) has a higher epoch")
      }
      for (op, result) in zip(ops, results) { done(op, result) }
    }
  }

  private mutating func done(_ op: StoreOp, _ result: OpResult) {
    if case .shard(let shard, _) = op.authority {
      return shards[Int(shard.number)].done(op.verb, result, &board)
    }
    switch op.verb {
    case .putWorker(let record): workerPut(record, result)
    case .judgeWorker(let ref, _, let verdict, _): workerJudged(ref, verdict, result)
    case .putPolicy(let revision): policyPut(revision, result)
    case .access(let op): accessed(op, result)
    default: break
    }
  }
}
