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
  var timers: [ServerTimer: Int] = [:]
  let bootOffset: Int64
  var ref: ServerRef

  init(_ scenario: Scenario, random: SeededRandom) {
    var random = random
    bootOffset = random.between(0, 1_000_000 * second)
    self.random = random
    ref = ServerRef(id: "s", incarnation: 0)
    core = World.makeCore(ref, scenario)
  }

  func instants(at now: Int64, wallStart: Int64) -> Instants {
    Instants(wall: Timestamp(nanoseconds: wallStart + now), boot: BootTime(nanoseconds: now + bootOffset))
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
    server.timers = [:]
    lanes.reset()
    isLoading = false
    trace.say(now, "server starts as #\(server.ref.incarnation)")
    tellServer(.start)
  }

  func crashServer() {
    guard server.isUp else { return }
    trace.say(now, "server crashes")
    server.isUp = false
    server.isPaused = false
    server.mailbox = []
    dropStreamsOfServer()
    loseRequests()
    store.serverCrashed(&dice.store, now)
  }

  func pauseServer(for span: Int64) {
    guard server.isUp, !server.isPaused else { return }
    trace.say(now, "server is stopped for \(span / millisecond) ms")
    server.isPaused = true
    queue.plan(.resumeServer(run: server.run), at: now + span)
  }

  func resumeServer() {
    guard server.isPaused else { return }
    trace.say(now, "server goes on")
    server.isPaused = false
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
    tellServer([event])
  }

  /// What came together is handled together.
  private func tellServer(_ events: [ServerEvent]) {
    let losesTimers = plant == .timerLostOnRecovery && isLoading
    var actions = ServerActions()
    let instants = server.instants(at: now, wallStart: scenario.wallStart)
    server.core.handle(contentsOf: events, at: instants, random: &server.random, into: &actions)
    for action in actions { perform(action, losesTimers: losesTimers) }
  }

  private func perform(_ action: ServerAction, losesTimers: Bool) {
    guard server.isUp else { return }
    switch action {
    case .claim(let shards): claim(shards)
    case .commit(let token, let group): commit(token, group)
    case .read(let token, let request): read(token, request)
    case .reply(let token, let reply): answered(token, reply)
    case .place(let requests): place(requests)
    case .node(let change): lanes.apply(change, world: self)
    case .arm(let timer, let boot): if !losesTimers { arm(timer, boot) }
    case .send(let connection, let message): send(checked: message, on: connection)
    case .close(let connection): closeByServer(connection)
    case .appendLog: break
    case .publish(let notice): published(notice)
    case .policyStored: break
    case .stopped: serverStopped()
    }
  }

  private func send(checked message: ServerMessage, on connection: ConnectionID) {
    let id = Int(connection.number)
    if case .resultAck(let ref) = message, id < streams.count {
      checker.acknowledged(ref, store: store.state, now)
    }
    trace.mix(message.code)
    if plant == .noEpochCheck {
      send(withNewestEpoch(message), on: connection)
    } else {
      send(message, on: connection)
    }
  }

  private func arm(_ timer: ServerTimer, _ boot: BootTime) {
    let generation = (server.timers[timer] ?? 0) + 1
    server.timers[timer] = generation
    guard boot < .distantFuture else { return }
    let due = max(now, boot.nanoseconds - server.bootOffset) + dice.timers.between(0, 2 * millisecond)
    queue.plan(.serverTimer(run: server.run, timer, generation: generation), at: due)
  }

  func serverTimer(_ run: Int, _ timer: ServerTimer, generation: Int) {
    guard server.run == run, server.timers[timer] == generation else { return }
    trace.say(now, "    timer \(timer)")
    tellServer(.timer(timer))
  }

  private func published(_ notice: ServerNotice) {
    trace.say(now, "    · \(describe(notice))")
    switch notice {
    case .owned: isLoading = false
    case .resigned: cover("resigned")
    case .counted(let name): cover("counted: " + name)
    default: break
    }
  }

  private func serverStopped() {
    trace.say(now, "server has stopped")
    cover("stopped gracefully")
    server.isUp = false
    dropStreamsOfServer()
    loseRequests()
    store.serverCrashed(&dice.store, now)
    queue.plan(.restartServer, at: now + dice.faults.skewed(10 * millisecond, 3 * second))
  }
}
