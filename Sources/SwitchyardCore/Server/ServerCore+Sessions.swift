import SwitchyardModel

/// Streams of workers: hello, welcome, reconciling, silence, verdict.
extension ServerCore {
  /// Streams that may wait for the shards to be loaded.
  private static let parkingLimit = 20_000

  mutating func connected(_ connection: ConnectionID, _ hello: Hello) {
    guard board.sessions.name(of: connection) == nil else { return board.count("hello.repeated") }
    if let problem = HelloBounds.problem(of: hello) { return refuse(connection, .invalid, problem) }
    let stream = SessionMachine.Stream(connection: connection, hello: hello, heardAt: board.now.boot)
    switch board.phase {
    case .owning where board.placements.abandoned == 0: greet(stream)
    case .stopping, .stopped: board.actions.append(.close(connection))
    default:
      guard parked.count < Self.parkingLimit else {
        return refuse(connection, .unavailable, "too many workers wait for this server")
      }
      parked.append(stream)
    }
  }

  mutating func greetParked() {
    guard board.phase == .owning, board.placements.abandoned == 0 else { return }
    let streams = parked
    parked = []
    for stream in streams { greet(stream) }
  }

  mutating func refuse(_ connection: ConnectionID, _ refusal: Refusal, _ message: String) {
    board.actions.append(.send(connection, .refused(refusal, message: message)))
    board.actions.append(.close(connection))
    board.sessions.unbind(connection)
    board.count("stream.refused.\(refusal)")
  }

  private mutating func greet(_ stream: SessionMachine.Stream) {
    let name = stream.hello.ref.name
    if !board.sessions.contains(name) {
      board.sessions[name] = SessionMachine(name: name, heardAt: board.now.boot)
      board.read(.worker(name: name))
    }
    board.sessions.bind(stream.connection, to: name)
    switch board.sessions[name]?.greet(stream, server: board.server, at: board.now) {
    case .refused(let refusal, let message): refuse(stream.connection, refusal, message)
    case .waits(let superseded):
      if let superseded { refuse(superseded, .superseded, "a newer stream of \(name) has come") }
    case .joins(let record, let replaced): join(name, stream, record, replaced: replaced)
    case nil: break
    }
  }

  private mutating func join(
    _ name: String, _ stream: SessionMachine.Stream, _ record: WorkerRecord, replaced: WorkerRef?
  ) {
    guard let session = board.sessions[name] else { return }
    if let old = session.connection { refuse(old, .superseded, "a newer stream of \(name) has come") }
    suspend(name)
    board.sessions[name]?.stage = .joining(record, replaced: replaced)
    board.sessions[name]?.connection = stream.connection
    board.sessions[name]?.greeting = stream
    board.sessions[name]?.heardAt = max(session.heardAt, stream.heardAt)
    if let replaced, let old = session.record {
      board.commit(.judgeWorker(replaced, session: old.session, verdict: .left, at: board.now.wall))
    }
    board.commit(.putWorker(record))
  }

  /// Nothing more is placed there.
  private mutating func suspend(_ name: String) {
    guard let session = board.sessions[name], session.isShown, !session.isSuspended, let ref = session.record?.ref
    else { return }
    board.sessions[name]?.isSuspended = true
    board.node(.suspended(ref))
    board.publish(.workerSuspended(ref))
  }

  /// The store says what it knows of the name.
  mutating func workerFound(_ name: String, _ record: WorkerRecord?) {
    guard let session = board.sessions[name], session.stage == .looking else { return }
    if let old = session.record, old.ref != record?.ref || record?.verdict != nil {
      // Another took its place, or a verdict whose outcome was unknown has come into force.
      end(name, old.ref, .lost("\(old.ref) is over"))
    }
    board.sessions[name]?.record = record
    board.sessions[name]?.stage = .absent
    continueWaiting(name)
  }

  /// The store has answered: the stream that waited for that goes on, or nobody is left.
  private mutating func continueWaiting(_ name: String) {
    if let stream = board.sessions[name]?.waiting {
      board.sessions[name]?.waiting = nil
      greet(stream)
    }
    guard let session = board.sessions[name] else { return }
    if session.stage == .absent, session.record.map({ $0.verdict != nil }) ?? true {
      board.sessions[name] = nil
    } else {
      armSession(name)
    }
  }

  mutating func workerPut(_ record: WorkerRecord, _ result: OpResult) {
    let name = record.ref.name
    guard let session = board.sessions[name], case .joining(record, _) = session.stage else { return }
    guard result == .applied else {
      board.sessions[name]?.conflicts += 1
      board.sessions[name]?.stage = .looking
      board.sessions[name]?.connection = nil
      if let connection = session.connection, let greeting = session.greeting {
        if session.waiting == nil, session.conflicts < 3 {
          board.sessions[name]?.waiting = greeting
        } else {
          refuse(connection, .unavailable, "the store does not agree on \(name): try again")
        }
      }
      return board.read(.worker(name: name))
    }
    let isSame = session.record?.ref == record.ref && session.record?.profile == record.profile
    if !isSame, session.isShown, let old = session.record?.ref {
      // The same incarnation with another profile is another row.
      board.node(.left(old))
      board.sessions[name]?.isShown = false
    }
    board.sessions[name]?.record = record
    board.sessions[name]?.conflicts = 0
    board.sessions[name]?.greeting = nil
    if let connection = session.connection, let greeting = session.greeting {
      board.sessions[name]?.stage = .live
      welcome(name, record, greeting.hello, connection)
    } else {
      board.sessions[name]?.stage = .absent
    }
    continueWaiting(name)
  }

  private mutating func welcome(
    _ name: String, _ record: WorkerRecord, _ hello: Hello, _ connection: ConnectionID
  ) {
    guard let session = board.sessions[name] else { return }
    let ref = record.ref
    let placed = session.placed.sortedKeys
    show(name)
    board.sessions[name]?.isDraining = hello.draining
    if !hello.metrics.isEmpty { board.node(.metrics(ref, hello.metrics)) }
    if hello.draining { board.node(.draining(ref)) }
    board.publish(.workerJoined(ref, session: record.session))
    board.actions.append(
      .send(
        connection,
        .welcome(
          Welcome(
            server: board.server, session: record.session, lease: board.configuration.lease,
            heartbeatEvery: board.configuration.heartbeatEvery, epochs: epochs))))
    reconcile(placed, session.placed, hello.inventory, ref)
    board.opened(record.profile)
  }

  /// The node table learns that something may be placed there.
  mutating func show(_ name: String) {
    guard let session = board.sessions[name], let record = session.record else { return }
    let placed = session.placed.sortedKeys
    func slots(_ id: InstanceID) -> UInt32 {
      session.placed[id].flatMap { shards[Int($0.number)].entries[id]?.slots } ?? 1
    }
    board.sessions[name]?.isShown = true
    board.sessions[name]?.isSuspended = false
    if session.isShown {
      board.node(.resumed(record.ref))
    } else {
      board.node(.joined(record.ref, record.profile, session: record.session))
      for id in placed { board.node(.taken(record.ref, slots: slots(id))) }
    }
  }

  private mutating func reconcile(
    _ placed: [InstanceID], _ shardOf: IDMap<InstanceID, Shard>, _ inventory: [InventoryItem], _ ref: WorkerRef
  ) {
    var items: [AttemptRef: InventoryItem] = [:]
    for item in inventory { items[item.attempt] = item }
    for id in placed {
      guard let number = shardOf[id].map({ Int($0.number) }), let attempt = shards[number].entries[id]?.attempt
      else { continue }
      shards[number].reconcile(id, with: items.removeValue(forKey: attempt), of: ref, &board)
    }
    for item in inventory {
      guard items.removeValue(forKey: item.attempt) != nil, !item.finished else { continue }
      let shard = Shard(of: item.attempt.instance)
      board.count("inventory.stale")
      board.send(.stop(item.attempt, shard: shard, epoch: board.epoch(shard)), to: ref)
    }
  }

  // MARK: The end of a stream, of an incarnation

  mutating func disconnected(_ connection: ConnectionID) {
    parked.removeAll { $0.connection == connection }
    guard let name = board.sessions.name(of: connection) else { return }
    board.sessions.unbind(connection)
    if board.sessions[name]?.waiting?.connection == connection { board.sessions[name]?.waiting = nil }
    guard board.sessions[name]?.connection == connection else { return }
    board.sessions[name]?.connection = nil
    guard board.sessions[name]?.stage == .live else { return }
    board.sessions[name]?.stage = .absent
    suspend(name)
    armSession(name)
  }

  mutating func armSession(_ name: String) {
    guard let session = board.sessions[name] else { return }
    let (due, next) = session.due(at: board.now.boot, board.configuration)
    if case .nothing = due {
      if let next { board.arm(.session(worker: name), at: next) }
    } else {
      // It was silent while the store worked: the timer acts on it.
      board.arm(.session(worker: name), at: board.now.boot)
    }
  }

  mutating func sessionTimer(_ name: String) {
    guard board.phase == .owning, let session = board.sessions[name] else { return }
    let (due, next) = session.due(at: board.now.boot, board.configuration)
    switch due {
    case .nothing: break
    case .silence: suspend(name)
    case .verdict: judge(name, .lost, .lost("the lease of \(session.record?.ref.description ?? name) ran out"))
    }
    if let next { board.arm(.session(worker: name), at: next) }
  }

  mutating func judge(_ name: String, _ verdict: Verdict, _ loss: Loss) {
    guard let session = board.sessions[name], let record = session.record else { return }
    suspend(name)
    if let connection = session.connection {
      // It is told of the verdict when that is durable: it asks again, and waits for that.
      board.actions.append(.close(connection))
      board.sessions.unbind(connection)
    }
    board.sessions[name]?.connection = nil
    board.sessions[name]?.stage = .judging(verdict, loss)
    board.commit(.judgeWorker(record.ref, session: record.session, verdict: verdict, at: board.now.wall))
  }

  mutating func workerJudged(_ ref: WorkerRef, _ verdict: Verdict, _ result: OpResult) {
    guard let session = board.sessions[ref.name], session.record?.ref == ref else { return }
    guard result != .conflict else {
      guard case .judging = session.stage else { return }
      board.sessions[ref.name]?.stage = .looking
      return board.read(.worker(name: ref.name))
    }
    board.sessions[ref.name]?.record?.verdict = verdict
    board.publish(.workerJudged(ref, verdict))
    switch session.stage {
    case .judging(_, let loss):
      end(ref.name, ref, loss)
      board.sessions[ref.name]?.stage = .absent
      continueWaiting(ref.name)
    default: end(ref.name, ref, .lost("a new start of \(ref.name) took its place"))
    }
  }

  /// The incarnation is over: what it held is lost to it.
  private mutating func end(_ name: String, _ ref: WorkerRef, _ loss: Loss) {
    guard let session = board.sessions[name] else { return }
    if session.isShown { board.node(.left(ref)) }
    board.sessions[name]?.isShown = false
    board.sessions[name]?.isSuspended = false
    board.sessions[name]?.isDraining = false
    board.sessions[name]?.recent = RecentAttempts()
    board.sessions[name]?.placed.removeAll()
    for id in session.placed.sortedKeys {
      guard let shard = session.placed[id] else { continue }
      shards[Int(shard.number)].lose(id, loss, ref, &board)
    }
  }
}
