import SwitchyardCore
import SwitchyardModel

/// A core that owns its shards, with a worker on stream 1 that has been given four attempts.
let liveServer: LiveServer = {
  var server = LiveServer()
  server.handle(.start)
  server.handle(.claimed(Shard.all.map { ShardClaim(shard: $0, epoch: 1) }, idFloor: 0))
  server.settle(atMost: 16 * Shard.count)
  let profile = WorkerProfile(apps: [], slots: 8)
  server.handle(
    .connected(
      ConnectionID(1), Hello(ref: WorkerRef(name: "w", incarnation: 1), lineage: 7, profile: profile, inventory: [])))
  server.settle()
  let spec = JobSpec(name: "x", processor: .noop(duration: .zero))
  for token in 1...4 {
    let definition = JobVersion(job: JobID(rawValue: 1), number: 1, app: "a", spec: spec)
    server.handle(.request(Token(token), .submit(Submission(definition: definition))))
    server.settle()
  }
  expect(server.dispatched == 4, "the worker was given \(server.dispatched) attempts")
  return server
}()

/// A core whose store applies everything, and whose lanes place everything on the worker of stream 1.
struct LiveServer {
  private var core = ServerCore(server: ServerRef(id: "s", incarnation: 1), configuration: ServerConfiguration()) {
    $0 == "UTC" ? .utc : nil
  }
  private var now = Instants(wall: Timestamp(seconds: 1_800_000_000), boot: BootTime(nanoseconds: 1_000_000_000_000))
  private var random = SeededRandom(seed: 11)
  private var answers: [ServerEvent] = []
  private var timers: [ServerTimer: BootTime] = [:]
  private var workers: [String: WorkerRecord] = [:]
  private(set) var dispatched = 0

  mutating func handle(_ event: ServerEvent) {
    var actions = ServerActions()
    core.handle(contentsOf: [event], at: now, random: &random, into: &actions)
    for action in actions {
      switch action {
      case .commit(let token, let group):
        for op in group.ops {
          if case .putWorker(let record) = op.verb { workers[record.ref.name] = record }
        }
        answers.append(.committed(token, .done(group.ops.map { _ in .applied })))
      case .read(let token, let request): answers.append(.read(token, page(request)))
      case .place(let requests):
        answers.append(
          .placed(
            requests.map {
              PlacementResult(
                instance: $0.instance, attempt: $0.attempt, answer: .worker(WorkerRef(name: "w", incarnation: 1)))
            }))
      case .arm(let timer, let time): timers[timer] = time
      case .send(_, .dispatch): dispatched += 1
      default: break
      }
    }
  }

  /// What is asked of store and lanes is answered, and what comes of that; not for ever, for a placement that fails is
  /// asked for again.
  mutating func settle(atMost count: Int = 64) {
    for _ in 0..<count where !answers.isEmpty { handle(answers.removeFirst()) }
  }

  mutating func pass(_ span: Span) {
    now = Instants(wall: now.wall + span, boot: now.boot + span)
    let due = timers.filter { $0.value <= now.boot }
    for timer in due.map({ (name: "\($0.key)", timer: $0.key) }).sorted(by: { $0.name < $1.name }).map(\.timer) {
      timers[timer] = nil
      handle(.timer(timer))
    }
    settle()
  }

  private func page(_ request: OwnerRead) -> OwnerPage {
    switch request {
    case .dueJobs, .job: .jobs([])
    case .waiting, .placed, .queued, .instance: .instances([])
    case .workers: .workers([])
    case .worker(let name): .workers(workers[name].map { [$0] } ?? [])
    }
  }
}
