import SwitchyardModel

/// Until when a worker may run attempts without hearing from its server, by its own boot-time clock.
struct Lease: Sendable {
  var span = Span.zero
  /// Nil: nothing has ever been granted to this incarnation.
  private(set) var grantEnd: BootTime?
  private var margin = Span.zero

  /// When killing begins, so that it ends before the grant does.
  var killAt: BootTime? { grantEnd.map { $0 - margin } }
  /// When shims kill by themselves: later, so that a worker that runs does it first and says why.
  var shimDeadline: BootTime? { grantEnd.map { $0 - Span(nanoseconds: margin.nanoseconds / 2) } }

  func isValid(at now: BootTime) -> Bool {
    if let killAt { now < killAt } else { false }
  }

  /// Returns whether the grant moved; it never moves back.
  mutating func extend(sentAt: BootTime, killMargin: Span) -> Bool {
    let end = sentAt + span
    if let grantEnd, end <= grantEnd { return false }
    grantEnd = end
    margin = min(killMargin, Span(nanoseconds: span.nanoseconds / 4))
    return true
  }
}

/// The heartbeats of one stream that are not acknowledged.
struct Heartbeats: Sendable {
  private var sequence: UInt64 = 0
  private var inFlight: [(sequence: UInt64, sentAt: BootTime)] = []
  private var every = Span.zero
  /// A stream that acknowledges nothing for so long is given up.
  private var patience = Span.zero

  /// A server's wishes are kept within reason.
  mutating func begin(every: Span, lease: Span) {
    let longest = max(Span.milliseconds(50), Span(nanoseconds: lease.nanoseconds / 3))
    self.every = min(max(every, .milliseconds(50)), longest)
    patience = max(self.every * 2, Span(nanoseconds: lease.nanoseconds / 2))
    inFlight = []
  }

  mutating func end() { inFlight = [] }

  /// Up to a tenth early, so that workers that came together do not beat together.
  func interval(_ random: inout SeededRandom) -> Span {
    every - random.span(below: Span(nanoseconds: every.nanoseconds / 10))
  }

  func isSilent(at now: BootTime) -> Bool {
    if let first = inFlight.first { now - first.sentAt > patience } else { false }
  }

  mutating func next(at now: BootTime) -> UInt64 {
    sequence += 1
    inFlight.append((sequence, now))
    return sequence
  }

  /// The time of sending, if that heartbeat was open; it and those before it are no longer.
  mutating func acknowledge(_ sequence: UInt64) -> BootTime? {
    guard let index = inFlight.firstIndex(where: { $0.sequence == sequence }) else { return nil }
    let sentAt = inFlight[index].sentAt
    inFlight.removeSubrange(...index)
    return sentAt
  }
}

extension AgentMachine {
  mutating func extendLease(sentAt: BootTime, into actions: inout AgentActions) {
    guard lease.extend(sentAt: sentAt, killMargin: configuration.killMargin),
      let killAt = lease.killAt, let deadline = lease.shimDeadline
    else { return }
    actions.append(.setDeadline(deadline))
    actions.append(.arm(.lease, killAt))
  }

  /// Kills what may not outlive the lease. Comes first at every event.
  mutating func endLeaseIfDue(at now: Instants, into actions: inout AgentActions) {
    guard held.activeCount > 0, phase == .serving, !lease.isValid(at: now.boot) else { return }
    for attempt in held.all where attempt.isActive && attempt.whenIsolated == .kill {
      if orderIsolation(attempt, into: &actions) { counters.isolated += 1 }
    }
  }

  /// At once, even where a polite stop is under way. Returns whether it had not been ordered before.
  @discardableResult
  mutating func orderIsolation(_ attempt: HeldAttempt, into actions: inout AgentActions) -> Bool {
    guard !attempt.isolationOrdered else { return false }
    var attempt = attempt
    attempt.isolationOrdered = true
    held.put(attempt)
    actions.append(.kill(attempt.ref, .isolated))
    return true
  }

  mutating func heartbeatAcked(_ sequence: UInt64, into actions: inout AgentActions) {
    guard let sentAt = heartbeats.acknowledge(sequence) else {
      counters.ignored += 1
      return
    }
    failures = 0
    extendLease(sentAt: sentAt, into: &actions)
  }

  mutating func heartbeatTimer(at now: Instants, random: inout SeededRandom, into actions: inout AgentActions) {
    guard let number = liveConnection else { return }
    guard !heartbeats.isSilent(at: now.boot) else {
      loseLink(close: true, at: now, random: &random, into: &actions)
      return
    }
    let beat = Heartbeat(
      sequence: heartbeats.next(at: now.boot), used: UInt32(clamping: held.usedSlots),
      queued: UInt32(clamping: held.startingCount), metrics: metricsDelta)
    metricsDelta = WorkerMetrics()
    actions.append(.send(number, .heartbeat(beat)))
    sendResults(olderThan: configuration.resendAfter, on: number, at: now, into: &actions)
    actions.append(.arm(.heartbeat, now.boot + heartbeats.interval(&random)))
  }
}
