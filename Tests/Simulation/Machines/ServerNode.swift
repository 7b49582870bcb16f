import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage

/// The server's process.
final class ServerNode {
  /// Grows with each start.
  var run = 0
  var core: ServerCore
  var random: SeededRandom
  var isUp = false
  var isPaused = false
  var isStopping = false
  var mailbox: [ServerEvent] = []
  /// Room for what a step leads to; empty between two of them.
  var actions = ServerActions()
  /// Each timer's place in `timers`, and there what it is armed for the so manieth time.
  var places: [ServerTimer: Int] = [:]
  var timers: [(timer: ServerTimer, generation: Int)] = []
  var clock: MachineClock
  /// Since when its clocks stand still.
  var clockStoppedAt: Int64?
  /// While it stood still.
  var clockIsLateBy: Int64 = 0
  /// By how much the wall clock was set, but for leaps.
  var stepped: Int64 = 0
  /// So many times more it dies while it loads.
  var crashesAtClaim = 0
  /// It is told to stop when it loads next.
  var stopsAtClaim = false
  /// It dies about when the so manieth commit from now is durable; 0: it does not.
  var crashesAtCommit = 0
  var ref: ServerRef

  init(_ scenario: Scenario, random: SeededRandom) {
    var random = random
    clock = MachineClock(
      bootStart: random.between(0, 1_000_000 * second), drift: random.between(-1_000, 1_000),
      wallStart: scenario.wallStart)
    self.random = random
    ref = ServerRef(id: "s", incarnation: 0)
    core = World.makeCore(ref, scenario)
  }
}

extension World {
  // MARK: Life

  func startServer() {
    guard !server.isUp else { return }
    server.run += 1
    server.ref.incarnation += 1
    server.core = World.makeCore(server.ref, scenario)
    server.isUp = true
    server.isPaused = false
    server.isStopping = false
    server.mailbox = []
    server.places = [:]
    server.timers = []
    lanes.reset()
    observer?.serverStarts()
    isLoading = false
    trace.say(now, "server starts as #\(server.ref.incarnation)")
    tellServer(.start)
  }

  func crashServer() {
    guard server.isUp else { return }
    trace.say(now, "server crashes")
    if isLoading { coverage.add(.world, "server crashed while it claimed or loaded") }
    server.isUp = false
    server.isPaused = false
    server.clockStoppedAt = nil
    server.mailbox = []
    dropStreamsOfServer()
    loseRequests()
    store.serverCrashed(&dice.store, now)
  }

  /// As planned when it was at a certain step.
  func crashServer(run: Int) {
    guard server.run == run, server.isUp, !isCalm else { return }
    crashServer()
    queue.plan(.restartServer, at: now + dice.faults.skewed(50 * millisecond, 5 * second))
  }

  func stopServer(run: Int) {
    guard server.run == run, server.isUp else { return }
    server.isStopping = true
    tellServer(.shutdown)
  }

  func pauseServer(for span: Int64, clocksStop: Bool) {
    trace.say(now, "server is stopped for \(span / millisecond) ms")
    server.isPaused = true
    if clocksStop { server.clockStoppedAt = now }
    queue.plan(.resumeServer(run: server.run), at: now + span)
  }

  func resumeServer() {
    guard server.isPaused else { return }
    trace.say(now, "server goes on")
    server.isPaused = false
    if let since = server.clockStoppedAt {
      server.clockStoppedAt = nil
      server.clock.standStill(for: now - since)
    }
    let mail = server.mailbox
    server.mailbox = []
    tellServer(mail)
  }

  // MARK: The core

  func tellServer(_ event: ServerEvent) {
    guard server.isUp else { return }
    guard !server.isPaused else {
      server.mailbox.append(event)
      return
    }
    step(leaks: leaksCredit(at: event)) { core, now, random, actions in
      core.handle(event, at: now, random: &random, into: &actions)
    }
  }

  /// What came together is handled together.
  private func tellServer(_ events: [ServerEvent]) {
    step(leaks: events.contains(where: leaksCredit)) { core, now, random, actions in
      core.handle(contentsOf: events, at: now, random: &random, into: &actions)
    }
  }

  private func step(
    leaks: Bool, _ handle: (inout ServerCore, Instants, inout SeededRandom, inout ServerActions) -> Void
  ) {
    let losesTimers = plant == .timerLostOnRecovery && isLoading
    // Its room is used again: most steps lead to one action or two.
    var actions = ServerActions()
    swap(&actions, &server.actions)
    let instants = server.clock.instants(at: now)
    checker.serverShows(instants.wall)
    handle(&server.core, instants, &server.random, &actions)
    observer?.look(at: server.core, into: &coverage)
    for action in actions { perform(action, losesTimers: losesTimers, leaks: leaks) }
    actions.removeAll(keepingCapacity: true)
    swap(&actions, &server.actions)
  }

  private func perform(_ action: ServerAction, losesTimers: Bool, leaks: Bool) {
    guard server.isUp else { return }
    switch action {
    case .claim(let shards): claim(shards)
    case .commit(let token, let group): commit(token, group)
    case .read(let token, let request): read(token, request)
    case .reply(let token, let reply): answered(token, reply)
    case .place(let requests): place(requests)
    case .node(.released) where leaks: break
    case .node(let change): lanes.apply(change, world: self)
    case .arm(let timer, let boot): if !losesTimers { arm(timer, boot) }
    case .send(let connection, let message): send(checked: message, on: connection)
    case .close(let connection): closeByServer(connection)
    case .appendLog(let connection, let chunk):
      send(.logAck(chunk.attempt, offset: chunk.offset + UInt64(chunk.bytes.count)), on: connection)
    case .publish(let notice): published(notice)
    case .policyStored, .accessStored: break
    case .stopped: serverStopped()
    }
  }

  private func send(checked message: ServerMessage, on connection: ConnectionID) {
    let id = Int(connection.number)
    if case .resultAck(let ref) = message, id < streams.count {
      checker.acknowledged(ref, to: workers[streams[id].worker].name, store: store.state, now)
    }
    trace.mix(message.code)
    send(planted(message), on: connection)
  }

  private func arm(_ timer: ServerTimer, _ boot: BootTime) {
    let place = server.places[timer] ?? addTimer(timer)
    server.timers[place].generation += 1
    guard boot < .distantFuture else { return }
    let due = max(now, server.clock.time(ofBoot: boot)) + dice.timers.between(0, 2 * millisecond)
    queue.plan(
      .serverTimer(run: server.run, place: place, generation: server.timers[place].generation), at: due)
  }

  private func addTimer(_ timer: ServerTimer) -> Int {
    server.timers.append((timer, 0))
    server.places[timer] = server.timers.count - 1
    return server.timers.count - 1
  }

  func serverTimer(_ run: Int, place: Int, generation: Int) {
    guard server.run == run, server.timers[place].generation == generation else { return }
    trace.say(now, "    timer \(describe(server.timers[place].timer))")
    tellServer(.timer(server.timers[place].timer))
  }

  private func published(_ notice: ServerNotice) {
    trace.say(now, "    · \(describe(notice))")
    switch notice {
    case .owned: isLoading = false
    case .counted(let name): coverage.add(.notice, name)
    case .clockStepped: coverage.add(.world, "the clock of a server was seen to step")
    default: break
    }
  }

  private func serverStopped() {
    trace.say(now, "server has stopped")
    server.isUp = false
    dropStreamsOfServer()
    loseRequests()
    store.serverCrashed(&dice.store, now)
    queue.plan(.restartServer, at: now + dice.faults.skewed(10 * millisecond, 3 * second))
  }
}
