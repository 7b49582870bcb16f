/// The durable states of an instance. `running` is not among them: it is soft, rebuilt from workers'
/// inventories.
///
/// ```
/// queued ─┐
/// waiting ─► dispatched ─► succeeded | failed | timedOut | lost | stopped
///    ▲  │         │  └─ stopping ─► stopped, or the truth
///    │  └─► cancelled | expired | failed (nobody will ever fit)
///    └─ rejected · retry · lost with onLost = retry
/// (due time ─► skipped: a record that nothing ran)
/// ```
package enum InstanceState: UInt8, CaseIterable, Sendable {
  /// Not placed: new, rejected, or to be retried once `readyAt` has come.
  case waiting = 0
  /// Bound to an incarnation of a worker; it may run there.
  case dispatched = 1
  /// Dispatched, and somebody wants it stopped: the intent is durable.
  case stopping = 2
  /// Lost under `onLost: hold`; waits for an operator.
  case held = 3
  /// Born while as many of its job were placed as its limit allows: waits for its turn in the line of its job.
  case queued = 4

  case succeeded = 10
  case failed = 11
  case timedOut = 12
  case lost = 13
  case stopped = 14
  case cancelled = 15
  case expired = 16
  case skipped = 17

  package var isTerminal: Bool { rawValue >= 10 }

  /// Not bound to a worker, and to be placed by itself some time.
  package var isWaiting: Bool { self == .waiting || self == .queued }

  /// The word in the API, the CLI and logs.
  package var name: String {
    switch self {
    case .waiting: "waiting"
    case .queued: "queued"
    case .dispatched: "dispatched"
    case .stopping: "stopping"
    case .held: "held"
    case .succeeded: "succeeded"
    case .failed: "failed"
    case .timedOut: "timed-out"
    case .lost: "lost"
    case .stopped: "stopped"
    case .cancelled: "cancelled"
    case .expired: "expired"
    case .skipped: "skipped"
    }
  }

  package init?(name: String) {
    guard let state = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = state
  }

  /// Whether the store may go from this state to `next`; the conformance suite walks this table.
  package func mayBecome(_ next: InstanceState) -> Bool {
    switch self {
    case .waiting, .queued: [.dispatched, .cancelled, .expired, .failed].contains(next)
    case .dispatched: next == .waiting || next == .stopping || next == .held || next.isRunOutcome
    case .stopping: next.isRunOutcome
    case .held: [.waiting, .cancelled].contains(next)
    default: false
    }
  }

  private var isRunOutcome: Bool { (10...14).contains(rawValue) }
}
