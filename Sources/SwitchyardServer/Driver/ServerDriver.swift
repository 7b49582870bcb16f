import Logging
import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage
import SwitchyardSystem
import Synchronization

/// Drives ``ServerCore`` on a thread of its own: hands it events with the time, and executes what it
/// answers. It decides nothing.
///
/// Everything that happens to the server goes through ``post(_:)``: commits and reads that came back, what
/// workers said, placements, requests of the API. One batch of events makes one batch of actions.
final class ServerDriver: Sendable {
  /// The parts of the server that execute actions.
  struct Parts: Sendable {
    var store: any Store
    var placement: any PlacementPort
    var workers: WorkerConnections
    var logs: LogStore
    var events: EventBus
    var meter: Meter
    var tokens: TokenDirectory

    init(
      store: any Store, placement: any PlacementPort, workers: WorkerConnections, logs: LogStore, events: EventBus,
      meter: Meter, tokens: TokenDirectory
    ) {
      self.store = store
      self.placement = placement
      self.workers = workers
      self.logs = logs
      self.events = events
      self.meter = meter
      self.tokens = tokens
    }
  }

  enum Input: Sendable {
    case event(ServerEvent)
    /// Looks at the core between two events.
    case inspect(@Sendable (ServerCore) -> Void)
  }

  private let loop: EventLoop<Input>
  private let parts: Parts
  private let requests = PendingRequests()
  private let server: ServerRef
  private let logger: Logger
  private let hasStopped = Signal()
  private let isRefused = Atomic<Bool>(false)

  init(server: ServerRef, parts: Parts, logger: Logger) {
    self.server = server
    self.parts = parts
    self.logger = logger
    loop = EventLoop(name: "core")
  }

  func post(_ event: ServerEvent) { loop.post(.event(event)) }

  func post(contentsOf events: [ServerEvent]) { loop.post(contentsOf: events.map(Input.event)) }

  /// Posts what takes no longer to handle than to wake a thread for it.
  func perform(_ event: ServerEvent) { loop.perform(.event(event)) }

  /// Events that wait for the core.
  var backlog: Int { loop.backlog }

  /// For those who post what comes from outside: returns when the core has caught up, so that what is not read
  /// yet waits at its sender.
  func ready() async {
    while loop.backlog >= Self.backlogLimit, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(5)) }
  }

  /// Operations and placements that do not keep the thread that brings them from its own work.
  static let few = 8

  /// Events that may wait for the core; beyond that, requests are refused and workers' streams are not read.
  private static let backlogLimit = 100_000

  /// Asks the core and waits for its answer, which comes after what it says is durable. When the task is
  /// cancelled it waits no longer.
  func perform(_ request: ServerRequest) async -> ServerReply {
    guard loop.backlog < Self.backlogLimit else {
      return .refused(.overloaded(retryAfter: .seconds(1)), "the server is behind with its work: try again later")
    }
    let token = requests.nextToken()
    let leave: @Sendable () -> Void = { [requests] in
      requests.take(token)?.resume(
        returning: .refused(.unavailable, "the server is stopping; the outcome is unknown: look before trying again"))
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        requests.add(continuation, as: token)
        if Task.isCancelled { return leave() }
        if case .submitBatch = request { post(.request(token, request)) } else { perform(.request(token, request)) }
      }
    } onCancel: {
      leave()
    }
  }

  /// What `look` sees of the core, between two events.
  func inspect<T: Sendable>(_ look: @escaping @Sendable (ServerCore) -> T) async -> T {
    await withCheckedContinuation { continuation in
      loop.post(.inspect { core in continuation.resume(returning: look(core)) })
    }
  }

  /// Starts the thread with a fresh core.
  ///
  /// - Parameter seed: of the core's dice; logged, so that a run can be told by it.
  func start(_ core: ServerCore, seed: UInt64) {
    logger.debug("core starts", metadata: ["seed": "\(seed)"])
    let state = Mutex(CoreState(core: core, random: SeededRandom(seed: seed)))
    loop.start { [self] batch, isGuest in state.withLock { $0.run(batch, isGuest: isGuest, execute) } }
    post(.start)
  }

  /// Lets what is in flight end, then ends the thread. A store or a strategy that does not answer is not waited
  /// for longer than 20 s: what is not known to be durable was not acknowledged.
  func shutdown() async {
    post(.shutdown)
    await hasStopped.wait(atMost: .seconds(20))
    if !hasStopped.isSet { logger.warning("stopping while the store or a strategy still owes an answer") }
    loop.close()
  }

  /// Executes actions, arming timers in `timers`. What the disk and the workers have to do begins at once; then what
  /// happened is told, so that whoever is answered finds that it is known. The rest follows in order.
  private func execute(_ actions: ServerActions, _ timers: inout TimerTable<ServerTimer>) {
    for action in actions {
      switch action {
      case .commit(let token, let group): commit(group, token)
      case .send(let connection, let message): parts.workers.send(message, on: connection)
      case .close(let connection): parts.workers.close(connection)
      default: break
      }
    }
    publish(actions)
    var changes: [NodeChange] = []
    for action in actions {
      switch action {
      case .node(let change): changes.append(change)
      case .commit, .send, .close, .publish: break
      default:
        flush(&changes)
        execute(action, &timers)
      }
    }
    flush(&changes)
  }

  private func publish(_ actions: ServerActions) {
    var events: [ClusterEvent] = []
    for case .publish(let notice) in actions {
      events.append(.core(notice))
      if case .owned = notice { adoptStored() }
    }
    if !events.isEmpty { parts.events.publish(events) }
  }

  /// Changes of nodes go to the lanes in one piece, before whatever follows them.
  private func flush(_ changes: inout [NodeChange]) {
    guard !changes.isEmpty else { return }
    parts.placement.apply(changes)
    changes.removeAll(keepingCapacity: true)
  }

  private func execute(_ action: ServerAction, _ timers: inout TimerTable<ServerTimer>) {
    switch action {
    case .claim(let shards): claim(shards)
    case .read(let token, let request): read(token, request)
    case .reply(let token, let reply): requests.take(token)?.resume(returning: reply)
    case .place(let requests): parts.placement.place(requests)
    case .commit, .send, .close, .node, .publish: break
    case .arm(let timer, let time): timers.arm(timer, at: time)
    case .appendLog(let connection, let chunk):
      let isKept = parts.logs.append(chunk, from: connection) { [parts] offset in
        parts.workers.send(.logAck(chunk.attempt, offset: offset), on: connection)
      }
      if !isKept { parts.events.publish(.core(.counted("log.overflow"))) }
    case .policyStored(let revision):
      parts.events.publish(.policyStored(app: revision.app, revision: revision.revision))
      parts.placement.adopt(revision)
    case .accessStored(let op): parts.tokens.apply(op)
    case .stopped: hasStopped.signal()
    }
  }

  private func commit(_ group: CommitGroup, _ token: Token) {
    let began = SystemClock.boot()
    parts.store.commit(group) { [self] outcome in
      parts.meter.committed(group.ops.count, outcome, took: SystemClock.boot() - began)
      watch(outcome)
      let event = ServerEvent.committed(token, outcome)
      if group.ops.count <= Self.few { perform(event) } else { post(event) }
    }
  }

  /// Whether the last commit came to nothing because the store does not write.
  var storeRefuses: Bool { isRefused.load(ordering: .relaxed) }

  /// Tells when the store begins to refuse, and when it takes again what it is given.
  private func watch(_ outcome: CommitOutcome) {
    switch outcome {
    case .aborted(let reason):
      if !isRefused.exchange(true, ordering: .relaxed) { parts.events.publish(.storeRefuses(reason: reason)) }
    case .done:
      if storeRefuses, isRefused.exchange(false, ordering: .relaxed) { parts.events.publish(.storeWritesAgain) }
    case .expelled, .unknown: break
    }
  }

  private func claim(_ shards: [Shard]) {
    Task(priority: .high) { [self] in
      do throws(StoreError) {
        let claim = try await parts.store.claim(shards, for: server)
        post(.claimed(claim.shards, idFloor: claim.idFloor))
      } catch {
        logger.error("cannot claim shards", metadata: ["error": "\(error)"])
        post(.claimFailed(error.message))
      }
    }
  }

  /// A policy or a token may have been stored by a commit whose outcome nobody learned: what is stored counts.
  private func adoptStored() {
    Task { [parts] in
      try? await parts.tokens.load { try await parts.store.tokens() }
      for revision in (try? await parts.store.policies()) ?? [] { parts.placement.adopt(revision) }
    }
  }

  private func read(_ token: Token, _ request: OwnerRead) {
    Task(priority: .high) { [self] in
      do throws(StoreError) {
        post(.read(token, try await parts.store.read(request)))
      } catch {
        logger.error("cannot read the store", metadata: ["error": "\(error)"])
        post(.read(token, nil))
      }
    }
  }
}

/// What the core's thread alone touches.
private struct CoreState: ~Copyable {
  var core: ServerCore
  var random: SeededRandom
  var timers = TimerTable<ServerTimer>()
  var events: [ServerEvent] = []
  var actions = ServerActions()

  init(core: consuming ServerCore, random: SeededRandom) {
    self.core = core
    self.random = random
  }

  /// Handles a batch, then timers that are due: for as long as the batch took, or a little while. Where thousands of jobs
  /// are due at once, the first of them are placed, stored and sent while the others fire.
  ///
  /// - Parameter isGuest: timers are left to the core's own thread.
  /// - Returns: the time of the next timer, which may be over.
  mutating func run(
    _ batch: [ServerDriver.Input], isGuest: Bool, _ execute: (ServerActions, inout TimerTable<ServerTimer>) -> Void
  ) -> BootTime? {
    let began = SystemClock.boot()
    for input in batch {
      if case .event(let event) = input { events.append(event) }
    }
    if !events.isEmpty {
      core.handle(contentsOf: events, at: SystemClock.now(), random: &random, into: &actions)
      events.removeAll(keepingCapacity: true)
      flush(execute)
    }
    for case .inspect(let look) in batch { look(core) }
    if isGuest { return timers.next() }
    let now = SystemClock.boot()
    let until = now + max(now - began, .milliseconds(1))
    repeat {
      guard let timer = timers.popDue(at: SystemClock.boot()) else { break }
      core.handle(.timer(timer), at: SystemClock.now(), random: &random, into: &actions)
      flush(execute)
    } while SystemClock.boot() < until
    return timers.next()
  }

  private mutating func flush(_ execute: (ServerActions, inout TimerTable<ServerTimer>) -> Void) {
    guard !actions.isEmpty else { return }
    execute(actions, &timers)
    actions.removeAll(keepingCapacity: true)
  }
}
