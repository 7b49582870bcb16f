import SwitchyardCore
import SwitchyardModel

/// An agent and a hand on its clock; collects what it does.
struct AgentHarness {
  var agent: AgentMachine
  var boot = BootTime(nanoseconds: 1_000_000_000_000)
  var wall = Timestamp(seconds: 1_800_000_000)
  private var random = SeededRandom(seed: 7)

  init(slots: UInt32 = 2, configuration: AgentConfiguration = AgentConfiguration()) {
    agent = AgentMachine(
      name: "w1", lineage: 99, incarnation: 5, profile: WorkerProfile(apps: ["a"], slots: slots),
      configuration: configuration)
  }

  mutating func pass(_ span: Span) {
    boot = boot + span
    wall = wall + span
  }

  @discardableResult
  mutating func handle(_ event: AgentEvent) -> AgentActions {
    var actions = AgentActions()
    agent.handle(event, at: Instants(wall: wall, boot: boot), random: &random, into: &actions)
    return actions
  }

  @discardableResult
  mutating func receive(_ message: ServerMessage, on number: ConnectionNumber = 1) -> AgentActions {
    handle(.received(number, message))
  }

  /// Starts and is welcomed on stream 1.
  @discardableResult
  mutating func goLive(lease: Span = .seconds(12)) -> AgentActions {
    handle(.start)
    handle(.connected(1))
    return welcome(on: 1, lease: lease)
  }

  @discardableResult
  mutating func welcome(on number: ConnectionNumber, lease: Span = .seconds(12)) -> AgentActions {
    receive(
      .welcome(
        Welcome(
          server: ServerRef(id: "s", incarnation: 1), session: number, lease: lease, heartbeatEvery: .seconds(2),
          epochs: Shard.all.map { ShardClaim(shard: $0, epoch: 3) })),
      on: number)
  }

  /// Loses the stream and opens the next one, up to the hello; returns that.
  mutating func reconnect(from old: ConnectionNumber) -> [WorkerMessage] {
    var pending = handle(.disconnected(old))
    pass(.seconds(6))
    pending = handle(.timer(.reconnect))
    guard case .connect(let number)? = pending.last else { return [] }
    return handle(.connected(number)).sent
  }

  static func assignment(
    _ instance: UInt64, attempt: UInt32 = 1, epoch: Epoch = 3, slots: UInt32 = 1,
    whenIsolated: WhenIsolated = .kill
  ) -> Assignment {
    let spec = JobSpec(
      name: "j", processor: .noop(duration: .zero), slots: slots, whenIsolated: whenIsolated)
    return Assignment(
      attempt: AttemptRef(instance: InstanceID(rawValue: instance), attempt: attempt), shard: Shard(1), epoch: epoch,
      definition: JobVersion(job: JobID(rawValue: 1), number: 1, app: "a", spec: spec), parameters: nil,
      dueAt: Timestamp(seconds: 0))
  }

  static func ref(_ instance: UInt64, _ attempt: UInt32 = 1) -> AttemptRef {
    AttemptRef(instance: InstanceID(rawValue: instance), attempt: attempt)
  }

  func result(_ instance: UInt64, _ attempt: UInt32 = 1, _ outcome: AttemptOutcome = .succeeded) -> AttemptResult {
    AttemptResult(attempt: Self.ref(instance, attempt), outcome: outcome, startedAt: wall, endedAt: wall)
  }
}

extension AgentActions {
  var sent: [WorkerMessage] { compactMap { if case .send(_, let message) = $0 { message } else { nil } } }
  var spawned: [AttemptRef] { compactMap { if case .spawn(let assignment) = $0 { assignment.attempt } else { nil } } }
  var killed: [AttemptRef] { compactMap { if case .kill(let ref, _) = $0 { ref } else { nil } } }
  var connected: [ConnectionNumber] { compactMap { if case .connect(let number) = $0 { number } else { nil } } }
  var finished: Bool { contains { if case .finished = $0 { true } else { false } } }
  var renews: Bool { contains { if case .renew = $0 { true } else { false } } }
  var results: [AttemptResult] { sent.compactMap { if case .result(let result) = $0 { result } else { nil } } }

  func armed(_ timer: AgentTimer) -> BootTime? {
    compactMap { if case .arm(timer, let at) = $0 { at } else { nil } }.last
  }
}
