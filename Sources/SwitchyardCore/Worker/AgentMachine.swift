package import SwitchyardModel

/// The worker's side of the protocol, as a value: it runs what a server assigns, each attempt once, and
/// never longer than it has a lease for.
///
/// ```
///            start          connected          welcome
///   new ─► connecting ─────► greeting ─────────► live
///              ▲   │ failed      │ refused, silent  │ lost, silent, refused
///              │   ▼             ▼                  ▼
///              └─ waiting ◄──────┴──────────────────┘        (back-off with full jitter)
///
///   any ── refused(judged) ─► judged ── nothing runs ─► renewing ── renewed ─► connecting
///   any ── drain … everything acknowledged ─► finished
/// ```
///
/// What it promises, whatever the network, the server and its own process do:
///
/// - *Lease.* An acknowledged heartbeat (or the hello, by the welcome) grants time until its *sending*
///   plus the lease. `killMargin` before that grant ends, everything whose job says so is killed; shims do
///   the same by themselves half a margin later, if this process does not run. Every event first looks
///   at the lease, because a stopped process wakes up with old events in its queue.
/// - *Once.* An attempt that is held, running or finished, is never started again; of one instance never
///   two attempts run at a time. When a higher attempt comes while a lower one runs, the lower is killed
///   and the higher rejected: the server gives it out again under the next number.
/// - *A rejection is final for its stream.* A server acts on it, so a double that comes later, when there is
///   room, must not run. On the next stream the server sees the inventory and both start from there.
/// - *Fence.* Assignments and stops whose epoch is below the highest seen of their shard are not answered
///   at all: the shard's new owner decides about that attempt, and might have sent it too.
/// - *Results* are kept until acknowledged and repeated on every stream.
package struct AgentMachine: Sendable {
  package let name: String
  package let lineage: UInt64
  package let profile: WorkerProfile
  package let configuration: AgentConfiguration
  package internal(set) var incarnation: UInt64
  package internal(set) var counters = AgentCounters()

  var phase = Phase.new
  var link = Link.none
  var draining = false
  var nextConnection: ConnectionNumber = 1
  /// A server took this incarnation in.
  var wasWelcomed = false
  /// Connections in a row that came to nothing.
  var failures = 0

  var held = HeldAttempts()
  /// What was rejected on the current stream. Only asked for members, never walked.
  var rejected: Set<AttemptRef> = []
  /// The highest epoch seen of each shard.
  var epochs = [Epoch](repeating: 0, count: Shard.count)

  var lease = Lease()
  var heartbeats = Heartbeats()
  /// Everything known of the metrics, for a hello; and what is new since the last heartbeat.
  var metrics = WorkerMetrics()
  var metricsDelta = WorkerMetrics()

  enum Phase: Sendable {
    case new
    case serving
    /// Kills everything; the incarnation is over.
    case judged
    /// Nothing runs any more; waits for the number of the next incarnation.
    case renewing
    case finished
  }

  enum Link: Sendable {
    case none
    case waiting(until: BootTime)
    case connecting(ConnectionNumber, until: BootTime)
    case greeting(ConnectionNumber, helloAt: BootTime, until: BootTime)
    case live(ConnectionNumber)

    var connection: ConnectionNumber? {
      switch self {
      case .none, .waiting: nil
      case .connecting(let number, _), .greeting(let number, _, _), .live(let number): number
      }
    }
  }

  /// - Parameter incarnation: the number of this start, higher than that of every start before.
  package init(
    name: String, lineage: UInt64, incarnation: UInt64, profile: WorkerProfile,
    configuration: AgentConfiguration = AgentConfiguration()
  ) {
    self.name = name
    self.lineage = lineage
    self.incarnation = incarnation
    self.profile = profile
    self.configuration = configuration
  }

  package var ref: WorkerRef { WorkerRef(name: name, incarnation: incarnation) }
  package var isFinished: Bool { phase == .finished }
  /// Nothing runs here and every result has been acknowledged.
  package var holdsNothing: Bool { held.isEmpty }
  /// The incarnation has been judged lost, and kills what it still has.
  package var isJudged: Bool { phase == .judged || phase == .renewing }
  package var isConnected: Bool { liveConnection != nil }

  var liveConnection: ConnectionNumber? {
    if case .live(let number) = link { number } else { nil }
  }

  package mutating func handle(
    _ event: AgentEvent, at now: Instants, random: inout SeededRandom, into actions: inout AgentActions
  ) {
    guard phase != .finished else { return }
    endLeaseIfDue(at: now, into: &actions)
    switch event {
    case .start:
      guard phase == .new else { return }
      phase = .serving
      actions.append(.setDeadline(nil))
      connect(at: now, into: &actions)
    case .connected(let number): connected(number, at: now, into: &actions)
    case .connectFailed(let number), .disconnected(let number):
      guard link.connection == number else { return }
      loseLink(close: false, at: now, random: &random, into: &actions)
    case .received(let number, let message):
      guard link.connection == number else {
        counters.otherStream += 1
        return
      }
      received(message, on: number, at: now, random: &random, into: &actions)
    case .spawned(let ref, let startedAt): spawned(ref, at: startedAt, into: &actions)
    case .ended(let result): ended(result, at: now, into: &actions)
    case .metrics(let delta):
      metrics.merge(delta, limit: configuration.metricLimit)
      metricsDelta.merge(delta, limit: configuration.metricLimit)
    case .timer(.reconnect): reconnectTimer(at: now, random: &random, into: &actions)
    case .timer(.heartbeat): heartbeatTimer(at: now, random: &random, into: &actions)
    case .timer(.lease): break
    case .renewed(let incarnation): renewed(incarnation, at: now, random: &random, into: &actions)
    case .drain: drain(into: &actions)
    }
  }

  private mutating func received(
    _ message: ServerMessage, on number: ConnectionNumber, at now: Instants, random: inout SeededRandom,
    into actions: inout AgentActions
  ) {
    switch (message, link) {
    case (.welcome(let welcome), .greeting(_, let helloAt, _)):
      welcomed(welcome, on: number, helloAt: helloAt, at: now, random: &random, into: &actions)
    case (.refused(let refusal, _), .greeting), (.refused(let refusal, _), .live):
      refused(refusal, at: now, random: &random, into: &actions)
    case (.heartbeatAck(let sequence), .live): heartbeatAcked(sequence, into: &actions)
    case (.dispatch(let assignment), .live):
      assigned(assignment, on: number, at: now, random: &random, into: &actions)
    case (.resultAck(let ref), .live): resultAcked(ref, into: &actions)
    case (.logAck(let ref, let offset), .live): actions.append(.logAcked(ref, offset: offset))
    case (.stop(let ref, let shard, let epoch), .live):
      stop(ref, shard: shard, epoch: epoch, on: number, at: now, into: &actions)
    case (.epochs(let claims), .live):
      learn(claims)
      // The new owner may not know of results that its predecessor did not get to.
      sendResults(olderThan: nil, on: number, at: now, into: &actions)
    case (.drain, .live): drain(into: &actions)
    default: counters.ignored += 1
    }
  }

  mutating func learn(_ claims: [ShardClaim]) {
    for claim in claims {
      let index = Int(claim.shard.number)
      epochs[index] = max(epochs[index], claim.epoch)
    }
  }

  /// Whether a message of that epoch may still be obeyed; remembers the epoch.
  mutating func admits(_ epoch: Epoch, of shard: Shard) -> Bool {
    let index = Int(shard.number)
    guard epoch >= epochs[index] else {
      counters.fenced += 1
      return false
    }
    epochs[index] = epoch
    return true
  }
}
