import SwitchyardModel

/// What all machines of one server share. For the time of one event it also holds the clock, the dice and
/// the actions, so that they need not be handed from call to call.
struct Switchboard: Sendable {
  enum Phase: String, Sendable {
    case new
    case claiming
    /// The shards are ours; what they hold is being read.
    case loading
    case owning
    /// Nothing new begins; what is in flight comes to its end.
    case stopping
    case stopped
  }

  let server: ServerRef
  let configuration: ServerConfiguration
  let zones: @Sendable (String) -> TimeZoneRules?

  var now = Instants(wall: Timestamp(nanoseconds: 0), boot: BootTime(nanoseconds: 0))
  var random = SeededRandom(seed: 0)
  var actions = ServerActions()

  var clock = ClockWatch()
  var phase = Phase.new
  /// By number of the shard.
  var epochs = [Epoch](repeating: 0, count: Shard.count)
  private var ids: IDGenerator
  private var lastID: UInt64 = 0
  var lastToken: Token = 0
  var commits: CommitMachine
  var reads: ReadMachine
  var placements: PlacementQueue
  var sessions = SessionTable()
  /// Requests of the API that are not answered.
  private(set) var requests: Set<Token> = []
  /// Those of them that have many answers.
  private var batches: [Token: Batch] = [:]
  /// Those of them that were there at the last look for what is overdue.
  private var waitingRequests: Set<Token> = []
  private var watchesRequests = false
  /// What is remembered of those of them that change something.
  private var audits: [Token: AuditEntry] = [:]
  /// Records since the audit was trimmed.
  var audited = 0
  static let auditTrimEvery = 10_000

  /// Instances that have been asked for and are not stored.
  var fresh: FreshQueue
  /// Stored instances that wait, are placed, in memory.
  var waiting = 0
  var placed = 0
  /// Instances that wait for their turn under the limit of their job.
  var queued = 0
  var jobs = 0

  init(
    server: ServerRef, configuration: ServerConfiguration, zones: @escaping @Sendable (String) -> TimeZoneRules?
  ) {
    self.server = server
    self.configuration = configuration
    self.zones = zones
    ids = IDGenerator(server: configuration.number)
    commits = CommitMachine(server: server, groupLimit: configuration.commitGroup)
    reads = ReadMachine(limit: configuration.readLimit)
    placements = PlacementQueue(batchLimit: configuration.placementBatch)
    fresh = FreshQueue(limit: configuration.freshLimit)
  }

  /// More waits for the store than it should: nothing new is taken.
  var isCongested: Bool { commits.pending >= configuration.commitQueue || fresh.isFull }

  /// When it is worth trying again what was refused because too much waits.
  var retryAfter: Span { fresh.retryAfter }

  // MARK: Store

  func epoch(_ shard: Shard) -> Epoch { epochs[Int(shard.number)] }

  mutating func commit(_ shard: Shard, _ verb: StoreOp.Verb) {
    commits.add(StoreOp(.shard(shard, epoch(shard)), verb))
  }

  mutating func commit(_ verb: StoreOp.Verb) { commits.add(StoreOp(.server, verb)) }

  /// For a request: with the record of who made it, and of what it changes, in the same commit.
  mutating func commit(
    _ shard: Shard, _ verb: StoreOp.Verb, for token: Token?, before: String? = nil, after: String? = nil
  ) {
    commits.add(StoreOp(.shard(shard, epoch(shard)), verb, audit: audit(of: token, before, after)))
  }

  mutating func commit(_ verb: StoreOp.Verb, for token: Token?, before: String? = nil, after: String? = nil) {
    commits.add(StoreOp(.server, verb, audit: audit(of: token, before, after)))
  }

  private mutating func audit(of token: Token?, _ before: String?, _ after: String?) -> AuditEntry? {
    guard let token, var entry = audits[token] else { return nil }
    audited += 1
    entry.before = before ?? entry.before
    entry.after = after ?? entry.after
    return entry
  }

  mutating func read(_ request: OwnerRead, for shard: Shard? = nil) { reads.ask(request, for: shard) }

  mutating func nextID() -> UInt64 {
    lastID = ids.next(at: now.wall)
    return lastID
  }

  mutating func nextInstance() -> InstanceID { InstanceID(rawValue: nextID()) }

  /// Identities up to this are taken.
  mutating func reserveIDs(upTo floor: UInt64) {
    lastID = max(lastID, floor)
    ids = IDGenerator(server: configuration.number, floor: lastID)
  }

  /// Forgets everything that was true of the time before the server resigned.
  mutating func reset() {
    commits = CommitMachine(server: server, groupLimit: configuration.commitGroup)
    reads = ReadMachine(limit: configuration.readLimit)
    placements.abandon()
    sessions.removeAll()
    batches.removeAll()
    fresh = FreshQueue(limit: configuration.freshLimit)
    audits.removeAll()
    waiting = 0
    queued = 0
    placed = 0
    jobs = 0
  }

  // MARK: Requests

  var requestCount: Int { requests.count }

  /// All requests that are not answered, in order, which are then none.
  ///
  /// What they asked for may still be under way, and is remembered with who asked for it when it is done.
  mutating func takeRequests() -> [Token] {
    defer { requests.removeAll() }
    return requests.sorted()
  }

  mutating func opened(_ token: Token) {
    requests.insert(token)
    watchRequests()
  }

  /// Those that were there already at the last call; to be called at the timer.
  mutating func takeOverdueRequests() -> [Token] {
    let overdue = waitingRequests.intersection(requests)
    requests.subtract(overdue)
    waitingRequests = requests
    watchesRequests = false
    if !requests.isEmpty { watchRequests() }
    return overdue.sorted()
  }

  private mutating func watchRequests() {
    guard !watchesRequests else { return }
    watchesRequests = true
    arm(.requests, at: now.boot + configuration.requestTimeout)
  }

  /// What is to be remembered of the request if it changes something.
  mutating func audit(_ token: Token, _ entry: AuditEntry) { audits[token] = entry }

  mutating func reply(_ token: Token?, _ reply: ServerReply) {
    guard let token else { return }
    // Of one that was overdue, too: what it asked for has come to its end.
    if !audits.isEmpty { audits[token] = nil }
    guard requests.remove(token) != nil else { return }
    actions.append(.reply(token, reply))
  }

  /// One request, or one of a batch.
  mutating func reply(_ asker: Asker?, _ reply: ServerReply) {
    guard let asker else { return }
    guard let item = asker.item else { return self.reply(asker.token, reply) }
    guard let place = batches.index(forKey: asker.token) else { return }
    batches.values[place].answer(item, reply)
    guard batches.values[place].missing == 0 else { return }
    self.reply(asker.token, .batch(batches.remove(at: place).value.replies))
  }

  mutating func refuse(_ asker: Asker?, _ refusal: RequestRefusal, _ message: String) {
    reply(asker, .refused(refusal, message))
  }

  mutating func openBatch(_ token: Token, count: Int) { batches[token] = Batch(count: count) }

  mutating func refuse(_ token: Token?, _ refusal: RequestRefusal, _ message: String) {
    reply(token, .refused(refusal, message))
  }

  // MARK: Workers

  mutating func send(_ message: ServerMessage, to ref: WorkerRef) {
    guard let stream = sessions.stream(of: ref) else { return }
    actions.append(.send(stream, message))
  }

  mutating func node(_ change: NodeChange) { actions.append(.node(change)) }

  /// Gives the credit of a pick back, and lets those ask that may have waited for it.
  mutating func release(_ ref: WorkerRef, slots: UInt32) {
    node(.released(ref, slots: slots))
    guard let session = sessions.index(of: ref.name), sessions[at: session].admits(ref),
      let apps = sessions[at: session].record?.profile.apps
    else { return }
    placements.release(slots: slots, apps: apps)
  }

  /// More may be placed on this worker than before.
  mutating func opened(_ profile: WorkerProfile) {
    if profile.apps.isEmpty || profile.apps.contains("*") {
      placements.viewChanged(app: nil)
    } else {
      for app in profile.apps { placements.viewChanged(app: app) }
    }
  }

  // MARK: Notices

  mutating func publish(_ notice: ServerNotice) { actions.append(.publish(notice)) }
  mutating func measure(_ passage: Passage, _ span: Span) {
    actions.append(.publish(.measured(passage, max(span, .zero))))
  }
  mutating func count(_ name: String) { actions.append(.publish(.counted(name))) }

  // MARK: Time

  /// When the wall clock will show this, if nobody sets it.
  func bootTime(of wall: Timestamp) -> BootTime { now.boot + (wall - now.wall) }

  mutating func arm(_ timer: ServerTimer, at time: BootTime) { actions.append(.arm(timer, time)) }

  func zone(_ name: String) -> TimeZoneRules { zones(name) ?? .utc }
}
