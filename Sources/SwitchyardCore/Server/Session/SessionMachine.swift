import SwitchyardModel

/// A server's side of one worker, by name: its streams, its lease, its verdict.
///
/// ```
/// looking ─► joining ─► live ⇄ absent         looking: the store is asked what it knows of the name
///    ▲          │         │       │           joining: a session is being stored for a stream
///    └ conflict ┘         └──┬────┘           judging: a verdict is being stored
///                            ▼
///                         judging ─► (forgotten)
/// ```
///
/// It decides; the server executes. A hello that comes while the store works waits, the latest alone.
struct SessionMachine: Sendable {
  enum Stage: Hashable, Sendable {
    case looking
    /// No stream; if the record bears no verdict, one comes when the lease is over.
    case absent
    /// The session's record is on its way to the store; with it the verdict on `replaced`.
    case joining(WorkerRecord, replaced: WorkerRef?)
    case live
    case judging(Verdict, Loss)
  }

  struct Stream: Sendable {
    var connection: ConnectionID
    var hello: Hello
    /// When the hello came.
    var heardAt: BootTime
  }

  enum Greeting: Sendable {
    case refused(Refusal, String)
    /// Until the store has answered; the stream that waited before it is superseded.
    case waits(superseded: ConnectionID?)
    /// To be stored as this; `replaced` is judged `left` in the same commit.
    case joins(WorkerRecord, replaced: WorkerRef?)
  }

  let name: String
  var stage: Stage = .looking
  /// As it is stored.
  var record: WorkerRecord?
  /// The stream that joins or is live; nil when it broke meanwhile.
  var connection: ConnectionID?
  var greeting: Stream?
  var waiting: Stream?
  /// When something that is acknowledged last came, on this server's clock.
  var heardAt: BootTime
  /// The node table has a row of the record's incarnation.
  var isShown = false
  var isSuspended = false
  var isDraining = false
  /// What is dispatched to the record's incarnation, and where it is kept.
  var placed = IDMap<InstanceID, Shard>()
  var recent = RecentAttempts()
  /// How often in a row the store refused what was believed to be right.
  var conflicts = 0

  init(name: String, record: WorkerRecord? = nil, heardAt: BootTime) {
    self.name = name
    self.record = record
    self.heardAt = heardAt
    if record != nil { stage = .absent }
  }

  /// Whether an attempt may be bound to it now.
  func admits(_ ref: WorkerRef) -> Bool { isLive && isOf(ref) && !isSuspended && !isDraining }

  var isLive: Bool { if case .live = stage { true } else { false } }

  /// Whether this is the incarnation that is stored. It is looked up by name, so that the number says it.
  func isOf(_ ref: WorkerRef) -> Bool { record?.ref.incarnation == ref.incarnation }

  /// Whether this incarnation lives, as far as anybody can know.
  func isAlive(_ ref: WorkerRef) -> Bool { isOf(ref) && record?.verdict == nil }

  mutating func greet(_ stream: Stream, server: ServerRef, at now: Instants) -> Greeting {
    switch stage {
    case .looking, .joining, .judging:
      if let waiting, waiting.hello.lineage != stream.hello.lineage {
        return .refused(.nameTaken, "another worker of the name \(name) is about to join")
      }
      let superseded = waiting?.connection
      waiting = stream
      return .waits(superseded: superseded)
    case .absent, .live: return join(stream, server: server, at: now)
    }
  }

  private func join(_ stream: Stream, server: ServerRef, at now: Instants) -> Greeting {
    let hello = stream.hello
    func joins(session: UInt64, replaced: WorkerRef? = nil) -> Greeting {
      .joins(
        WorkerRecord(
          ref: hello.ref, session: session, lineage: hello.lineage, home: server.id, profile: hello.profile,
          seenAt: now.wall), replaced: replaced)
    }
    let isKnown = record.map { $0.ref.incarnation == hello.ref.incarnation } ?? false
    guard isKnown || Self.isStart(hello.ref.incarnation, at: now.wall) else {
      return .refused(
        .unavailable,
        "the incarnation \(hello.ref.incarnation) is more than a day ahead of this server's clock, in milliseconds: set "
          + "the clocks; a worker that remembers such a start needs a new data directory")
    }
    guard let record else { return joins(session: 1) }
    if record.verdict == nil, record.lineage != hello.lineage {
      return .refused(.nameTaken, "a worker of the name \(name) lives with another data directory")
    }
    let isNewer = hello.ref.incarnation > record.ref.incarnation
    let isSame = hello.ref.incarnation == record.ref.incarnation && record.verdict == nil
    guard isNewer || isSame else {
      return .refused(.judged, "\(hello.ref) is over: the last one was \(record.ref)")
    }
    guard record.session < UInt64(Int64.max) else { return .refused(.unavailable, "out of session numbers") }
    return joins(session: record.session + 1, replaced: isNewer && record.verdict == nil ? record.ref : nil)
  }

  /// Whether an incarnation may be of a start by now. A worker that took the highest of all would keep its name from
  /// everybody after it, for as long as it is remembered.
  private static func isStart(_ incarnation: UInt64, at now: Timestamp) -> Bool {
    incarnation <= UInt64(clamping: now.milliseconds) + 86_400_000
  }

  /// An attempt is no longer placed here.
  mutating func leave(_ attempt: AttemptRef, of ref: WorkerRef) {
    guard isOf(ref), placed.removeValue(forKey: attempt.instance) != nil else { return }
    recent.add(attempt)
  }

  // MARK: Time

  enum Due: Sendable {
    case nothing
    /// It has been silent: nothing more is placed there.
    case silence
    case verdict
  }

  /// What is due, and when to look again.
  func due(at now: BootTime, _ configuration: ServerConfiguration) -> (Due, next: BootTime?) {
    let verdictAt = heardAt + configuration.lease + configuration.verdictMargin
    switch stage {
    case .looking, .joining, .judging: return (.nothing, nil)
    case .absent:
      guard let record, record.verdict == nil else { return (.nothing, nil) }
      return now >= verdictAt ? (.verdict, nil) : (.nothing, verdictAt)
    case .live:
      if now >= verdictAt { return (.verdict, nil) }
      let silentAt = heardAt + configuration.heartbeatEvery * configuration.silentHeartbeats
      if now >= silentAt { return (isSuspended ? .nothing : .silence, verdictAt) }
      return (.nothing, min(silentAt, verdictAt))
    }
  }
}

/// Why an incarnation holds nothing any more.
enum Loss: Hashable, Sendable {
  /// Its lease ran out, or it was started anew: what it held may have run.
  case lost(String)
  /// It said good-bye with nothing in hand: what was on its way never arrived.
  case neverArrived
}

/// The last attempts that ended on a worker: their logs may still be on the way.
struct RecentAttempts: Sendable {
  private var ring: [AttemptRef] = []
  private var next = 0
  private static let size = 64

  mutating func add(_ attempt: AttemptRef) {
    if ring.count < Self.size {
      ring.append(attempt)
    } else {
      ring[next] = attempt
      next = (next + 1) % Self.size
    }
  }

  func contains(_ attempt: AttemptRef) -> Bool { ring.contains(attempt) }
}
