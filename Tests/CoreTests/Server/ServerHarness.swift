import SwitchyardCore
import SwitchyardModel
import Testing

/// A server core and the hands of its store, its lanes and its workers; keeps what the core wants until the
/// test answers.
struct ServerHarness {
  var core: ServerCore
  var wall = Timestamp(seconds: 1_800_000_000)
  var boot = BootTime(nanoseconds: 1_000_000_000_000)
  private var random = SeededRandom(seed: 11)

  /// Not answered yet, oldest first.
  var commits: [(token: Token, ops: [StoreOp])] = []
  var reads: [(token: Token, request: OwnerRead)] = []
  var questions: [[PlacementRequest]] = []
  var claims = 0
  /// Since they were last taken.
  var sent: [(connection: ConnectionID, message: ServerMessage)] = []
  var replies: [(token: Token, reply: ServerReply)] = []
  var nodes: [NodeChange] = []
  var notices: [ServerNotice] = []
  var others: [ServerAction] = []
  var timers: [ServerTimer: BootTime] = [:]

  /// What the store answers to reads.
  var jobs: [Job] = []
  var active: [ActiveInstance] = []
  var workers: [WorkerRecord] = []
  private var lastConnection: UInt64 = 0
  private var lastToken: Token = 0
  private var epoch: Epoch = 0

  init(_ change: (inout ServerConfiguration) -> Void = { _ in }) {
    var configuration = ServerConfiguration()
    change(&configuration)
    core = ServerCore(server: ServerRef(id: "s", incarnation: 1), configuration: configuration) {
      $0 == "UTC" ? .utc : nil
    }
  }

  mutating func handle(_ events: ServerEvent...) {
    var actions = ServerActions()
    core.handle(contentsOf: events, at: Instants(wall: wall, boot: boot), random: &random, into: &actions)
    for action in actions {
      switch action {
      case .claim: claims += 1
      case .commit(let token, let group): commits.append((token, group.ops))
      case .read(let token, let request): reads.append((token, request))
      case .reply(let token, let reply): replies.append((token, reply))
      case .place(let requests): questions.append(requests)
      case .node(let change): nodes.append(change)
      case .arm(let timer, let time): timers[timer] = time
      case .send(let connection, let message): sent.append((connection, message))
      case .publish(let notice): notices.append(notice)
      case .close, .appendLog, .policyStored, .accessStored, .stopped: others.append(action)
      }
    }
  }

  mutating func pass(_ span: Span) {
    wall = wall + span
    boot = boot + span
  }

  /// Calls the timers that are due, in order of time.
  mutating func runTimers() {
    let due = timers.filter { $0.value <= boot }.sorted { "\($0)" < "\($1)" }
    for (timer, _) in due {
      timers[timer] = nil
      handle(.timer(timer))
    }
  }

  // MARK: Store

  /// Starts and loads what `jobs`, `active` and `workers` hold.
  mutating func own() {
    handle(.start)
    claimed()
  }

  mutating func claimed() {
    epoch += 1
    handle(.claimed(Shard.all.map { ShardClaim(shard: $0, epoch: epoch) }, idFloor: 0))
    answerReads()
  }

  mutating func answerReads() {
    while !reads.isEmpty {
      let (token, request) = reads.removeFirst()
      handle(.read(token, page(request)))
    }
  }

  /// Answers those that are asked now, and that `isWanted`.
  mutating func answerReads(where isWanted: ((token: Token, request: OwnerRead)) -> Bool) {
    let wanted = reads.filter(isWanted)
    reads.removeAll(where: isWanted)
    for (token, request) in wanted { handle(.read(token, page(request))) }
  }

  private func page(_ request: OwnerRead) -> OwnerPage {
    switch request {
    case .dueJobs(let shard, let until, let after, let limit):
      let due = jobs.filter { job in
        guard job.shard == shard, job.state == .enabled, let time = job.nextFire, time <= until else { return false }
        guard let after else { return true }
        return (time, job.id) > (after.nextFire, after.job)
      }
      return .jobs(Array(due.sorted { ($0.nextFire ?? wall, $0.id) < ($1.nextFire ?? wall, $1.id) }.prefix(limit)))
    case .waiting(let shard, let readyBy, let after, let limit):
      let rows = active.filter { row in
        guard row.instance.shard == shard, row.instance.state == .waiting, row.instance.readyAt <= readyBy
        else { return false }
        guard let after else { return true }
        return (row.instance.rank, row.instance.id) > (after.rank, after.instance)
      }
      return .instances(
        Array(rows.sorted { ($0.instance.rank, $0.instance.id) < ($1.instance.rank, $1.instance.id) }.prefix(limit)))
    case .placed(let shard, let after, let limit):
      let rows = active.filter { row in
        row.instance.shard == shard && [.dispatched, .stopping].contains(row.instance.state)
          && (after.map { row.instance.id > $0 } ?? true)
      }
      return .instances(Array(rows.sorted { $0.instance.id < $1.instance.id }.prefix(limit)))
    case .queued(let shard, let after, let limit):
      let rows = active.filter { row in
        row.instance.shard == shard && row.instance.state == .queued && (after.map { row.instance.id > $0 } ?? true)
      }
      return .instances(Array(rows.sorted { $0.instance.id < $1.instance.id }.prefix(limit)))
    case .instance(let id): return .instances(active.filter { $0.instance.id == id })
    case .job(let id): return .jobs(jobs.filter { $0.id == id })
    case .workers: return .workers(workers.filter { $0.verdict == nil })
    case .worker(let name): return .workers(workers.filter { $0.ref.name == name })
    }
  }

  /// Answers the oldest commit.
  ///
  /// - Parameter results: nil: every operation is applied.
  @discardableResult
  mutating func commit(_ results: [OpResult]? = nil) -> [StoreOp] {
    guard !commits.isEmpty else { return [] }
    let (token, ops) = commits.removeFirst()
    handle(.committed(token, .done(results ?? ops.map { _ in .applied })))
    return ops
  }

  mutating func commitAll() {
    while !commits.isEmpty { commit() }
  }

  mutating func fail(_ outcome: CommitOutcome) {
    guard !commits.isEmpty else { return }
    handle(.committed(commits.removeFirst().token, outcome))
  }

  // MARK: Lanes

  /// Answers the oldest question, all of it the same way.
  mutating func place(_ answer: PlacementAnswer) {
    guard !questions.isEmpty else { return }
    let requests = questions.removeFirst()
    handle(
      .placed(requests.map { PlacementResult(instance: $0.instance, attempt: $0.attempt, answer: answer) }))
  }

  // MARK: Clients

  mutating func request(_ request: ServerRequest) -> Token {
    lastToken += 1
    handle(.request(lastToken, request))
    return lastToken
  }

  @discardableResult
  mutating func submit(_ definition: JobVersion, key: String? = nil, at: Timestamp? = nil) -> Token {
    request(.submit(Submission(definition: definition, key: key, at: at)))
  }

  func reply(_ token: Token) -> ServerReply? { replies.first { $0.token == token }?.reply }

  // MARK: Workers

  static let profile = WorkerProfile(apps: ["a"], slots: 8)
  static func ref(_ name: String = "w", _ incarnation: UInt64 = 1) -> WorkerRef {
    WorkerRef(name: name, incarnation: incarnation)
  }

  /// Opens a stream and says hello on it.
  @discardableResult
  mutating func hello(
    _ ref: WorkerRef = ref(), lineage: UInt64 = 7, inventory: [InventoryItem] = [], draining: Bool = false
  ) -> ConnectionID {
    lastConnection += 1
    let connection = ConnectionID(lastConnection)
    handle(
      .connected(
        connection,
        Hello(ref: ref, lineage: lineage, profile: Self.profile, inventory: inventory, draining: draining)))
    return connection
  }

  /// A worker that has joined.
  @discardableResult
  mutating func join(_ ref: WorkerRef = ref(), lineage: UInt64 = 7, inventory: [InventoryItem] = []) -> ConnectionID {
    let connection = hello(ref, lineage: lineage, inventory: inventory)
    answerReads()
    commit()
    return connection
  }

  /// An instance of the job that is placed and sent; its attempt.
  mutating func dispatch(_ definition: JobVersion, to ref: WorkerRef = ref()) -> AttemptRef {
    submit(definition)
    place(.worker(ref))
    let ops = commit()
    guard case .createInstance(let instance, _)? = ops.first?.verb else {
      Issue.record("no instance was created")
      return AttemptRef(instance: InstanceID(rawValue: 0), attempt: 0)
    }
    forget()
    return AttemptRef(instance: instance.id, attempt: 1)
  }

  mutating func result(
    _ attempt: AttemptRef, _ outcome: AttemptOutcome = .succeeded, on connection: ConnectionID,
    startedAt: Timestamp? = nil
  ) {
    handle(
      .received(
        connection, .result(AttemptResult(attempt: attempt, outcome: outcome, startedAt: startedAt, endedAt: wall))))
  }

  /// Forgets what was collected so far.
  mutating func forget() {
    sent = []
    replies = []
    nodes = []
    notices = []
    others = []
  }

  var messages: [ServerMessage] { sent.map(\.message) }
  var verbs: [StoreOp.Verb] { commits.flatMap { $0.ops.map(\.verb) } }

  func isAcked(_ attempt: AttemptRef) -> Bool { messages.contains(.resultAck(attempt)) }

  func released(_ ref: WorkerRef = ref()) -> Int {
    nodes.filter { if case .released(ref, _) = $0 { true } else { false } }.count
  }

  var events: [PlacementEvent.Kind] {
    nodes.compactMap { if case .event(let event) = $0 { event.kind } else { nil } }
  }

  var dispatched: [AttemptRef] {
    messages.compactMap { if case .dispatch(let assignment) = $0 { assignment.attempt } else { nil } }
  }

  var finishes: [Finish] { verbs.compactMap { if case .finish(let finish) = $0 { finish } else { nil } } }

  func counted(_ name: String) -> Bool { notices.contains(.counted(name)) }
}

/// A job of the app `a`.
func job(
  _ id: UInt64 = 1, _ schedule: Schedule = .api, state: JobState = .enabled, nextFire: Timestamp? = nil,
  anchor: Timestamp = Timestamp(seconds: 1_800_000_000), change: (inout JobSpec) -> Void = { _ in }
) -> Job {
  var spec = JobSpec(name: "job-\(id)", schedule: schedule, processor: .noop(duration: .zero))
  change(&spec)
  return Job(
    id: JobID(rawValue: id), app: "a", state: state, spec: spec, nextFire: nextFire, anchor: anchor,
    createdAt: anchor, updatedAt: anchor)
}

func version(_ id: UInt64 = 1, _ change: (inout JobSpec) -> Void = { _ in }) -> JobVersion {
  JobVersion(job(id, change: change))
}
