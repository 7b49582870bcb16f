import Logging
import SwitchyardCore
import SwitchyardModel
import SwitchyardSystem

/// The machine with its timers and streams: takes a batch of what happened and does what the machine says.
///
/// Touched by the agent's thread alone. It decides nothing: what to do is the machine's affair, how long a log may
/// be the log book's.
struct AgentTurn {
  private let surroundings: AgentSurroundings
  private let inbox: AgentInbox
  private var runners: [String: any AttemptRunner] = [:]

  private(set) var machine: AgentMachine
  private var random: SeededRandom
  private var actions: AgentActions = []
  private var timers = TimerTable<AgentTimer>()
  private var links: [ConnectionNumber: any ServerLink] = [:]
  private var running: [AttemptRef: any AttemptRunner] = [:]

  /// Messages of this batch, which go to one stream in one piece.
  private var outgoing: [WorkerMessage] = []
  private var outgoingTo: ConnectionNumber?
  private var logsTo: ConnectionNumber?
  private var hasLogs = false

  /// The agent is done: everything said, or told to leave, or unable to go on.
  private(set) var isFinished = false
  private(set) var failure: (any Error)?

  /// Bytes of log that a stream may have queued, so that little is in front of a result.
  private static let queuedLogBytes = 512 << 10

  init(machine: AgentMachine, surroundings: AgentSurroundings, inbox: AgentInbox, seed: UInt64) {
    self.machine = machine
    self.surroundings = surroundings
    self.inbox = inbox
    random = SeededRandom(seed: seed)
    for runner in surroundings.runners { runners[runner.type] = runner }
  }

  private var logger: Logger { surroundings.logger }

  var status: AgentStatus {
    AgentStatus(
      ref: machine.ref, isConnected: machine.isConnected, holdsNothing: machine.holdsNothing, running: running.count,
      counters: machine.counters)
  }

  /// - Returns: when to look at the clock again.
  mutating func take(_ batch: [AgentInbox.Input]) -> BootTime? {
    let wasConnected = machine.isConnected
    fireTimers()
    for input in batch { take(input) }
    fireTimers()
    pumpLogs()
    flush()
    if machine.isConnected != wasConnected {
      logger.info(wasConnected ? "disconnected" : "connected", metadata: ["running": "\(running.count)"])
    }
    return timers.next()
  }

  private mutating func fireTimers() {
    while let timer = timers.popDue(at: SystemClock.boot()) { handle(.timer(timer)) }
  }

  private mutating func take(_ input: AgentInbox.Input) {
    switch input {
    case .event(let event): handle(event)
    case .messages(let messages, let connection, let handled):
      for message in messages { handle(.received(connection, message)) }
      handled.resume()
    case .closed(let connection, let wasOpen):
      links[connection] = nil
      handle(wasOpen ? .disconnected(connection) : .connectFailed(connection))
    case .report(.started(let ref, let at)): handle(.spawned(ref, at: at))
    case .report(.ended(let result)):
      running[result.attempt] = nil
      handle(.ended(result))
    case .logsWaiting: hasLogs = true
    case .sentLogs(let connection): hasLogs = hasLogs || connection == logsTo
    case .killAll:
      for (ref, runner) in running { runner.stop(ref, .isolated) }
    case .abandon: finish()
    }
  }

  private mutating func handle(_ event: AgentEvent) {
    // Fresh for each event: the process may have been stopped between two.
    machine.handle(event, at: SystemClock.now(), random: &random, into: &actions)
    for action in actions { perform(action) }
    actions.removeAll(keepingCapacity: true)
  }

  // MARK: Actions

  private mutating func perform(_ action: AgentAction) {
    switch action {
    case .connect(let connection): links[connection] = surroundings.links.open(connection, events: inbox)
    case .disconnect(let connection):
      flush()
      links[connection]?.close()
    case .send(let connection, let message): send(message, to: connection)
    case .spawn(let assignment): spawn(assignment)
    case .kill(let ref, let reason):
      if reason == .isolated {
        logger.warning("killing an attempt", metadata: ["instance": "\(ref.instance)", "attempt": "\(ref.attempt)"])
      }
      running[ref]?.stop(ref, reason)
    case .setDeadline(let time): surroundings.setDeadline(time)
    case .arm(let timer, let time): timers.arm(timer, at: time)
    case .forget(let ref): surroundings.logs.forget(ref)
    case .logAcked(let ref, let offset): surroundings.logs.acknowledge(ref, upTo: offset)
    case .logsTo(let connection):
      logsTo = connection
      guard connection != nil else { return }
      surroundings.logs.rewind()
      hasLogs = true
    case .renew: renew()
    case .finished: finish()
    }
  }

  private mutating func spawn(_ assignment: Assignment) {
    let type = assignment.definition.spec.processor.type
    guard let runner = runners[type] else {
      let now = SystemClock.wall()
      inbox.post(
        .ended(assignment.result(.failed, startedAt: nil, endedAt: now, detail: "no processor \(type) here")))
      return
    }
    running[assignment.attempt] = runner
    runner.start(assignment)
  }

  private mutating func renew() {
    logger.warning("judged lost by the server: beginning a new incarnation")
    do {
      inbox.post(.renewed(incarnation: try surroundings.nextIncarnation()))
    } catch {
      failure = error
      finish()
    }
  }

  private mutating func finish() {
    flush()
    isFinished = true
  }

  // MARK: Sending

  private mutating func send(_ message: WorkerMessage, to connection: ConnectionNumber) {
    if outgoingTo != connection { flush() }
    outgoingTo = connection
    if case .result(let result) = message, logsTo == connection {
      outgoing += surroundings.logs.takeAll(of: result.attempt).map { .log($0) }
    }
    outgoing.append(message)
  }

  private mutating func flush() {
    if let connection = outgoingTo, !outgoing.isEmpty { links[connection]?.send(outgoing) }
    outgoing.removeAll(keepingCapacity: true)
    outgoingTo = nil
  }

  private mutating func pumpLogs() {
    guard hasLogs, let connection = logsTo, let link = links[connection] else { return }
    hasLogs = false
    let room = Self.queuedLogBytes - link.queuedLogBytes
    // With no room, what was sent tells when there is some.
    guard room > 0 else { return }
    for chunk in surroundings.logs.take(upTo: room) { send(.log(chunk), to: connection) }
  }

  /// Closes all streams, after what is queued.
  mutating func closeLinks() {
    flush()
    for link in links.values { link.close() }
  }
}
