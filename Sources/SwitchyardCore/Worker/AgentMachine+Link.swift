import SwitchyardModel

/// Connecting, greeting, being refused, being judged, leaving.
extension AgentMachine {
  mutating func connect(at now: Instants, into actions: inout AgentActions) {
    let number = nextConnection
    nextConnection += 1
    let until = now.boot + configuration.connectTimeout
    link = .connecting(number, until: until)
    actions.append(.arm(.reconnect, until))
    actions.append(.connect(number))
  }

  mutating func connected(_ number: ConnectionNumber, at now: Instants, into actions: inout AgentActions) {
    guard case .connecting(number, _) = link else {
      if link.connection != number { actions.append(.disconnect(number)) }
      return
    }
    let until = now.boot + configuration.welcomeTimeout
    link = .greeting(number, helloAt: now.boot, until: until)
    metricsDelta = WorkerMetrics()
    let hello = Hello(
      ref: ref, lineage: lineage, profile: profile, metrics: metrics, inventory: held.all.map(\.inventoryItem),
      draining: draining)
    actions.append(.arm(.reconnect, until))
    actions.append(.send(number, .hello(hello)))
  }

  mutating func welcomed(
    _ welcome: Welcome, on number: ConnectionNumber, helloAt: BootTime, at now: Instants,
    random: inout SeededRandom, into actions: inout AgentActions
  ) {
    link = .live(number)
    wasWelcomed = true
    learn(welcome.epochs)
    heartbeats.begin(every: welcome.heartbeatEvery, lease: welcome.lease)
    lease.span = max(.zero, welcome.lease)
    extendLease(sentAt: helloAt, into: &actions)
    actions.append(.logsTo(number))
    sendResults(olderThan: nil, on: number, at: now, into: &actions)
    // What began or ended while the hello was under way is not in its inventory; a second word is harmless.
    for attempt in held.all {
      guard case .running(let since) = attempt.stage else { continue }
      actions.append(.send(number, .accepted(attempt.ref, startedAt: since)))
    }
    if draining { actions.append(.send(number, .draining)) }
    actions.append(.arm(.heartbeat, now.boot + heartbeats.interval(&random)))
    leaveIfDone(into: &actions)
  }

  mutating func refused(
    _ refusal: Refusal, at now: Instants, random: inout SeededRandom, into actions: inout AgentActions
  ) {
    switch refusal {
    case .judged: judged(into: &actions)
    case .superseded: loseLink(close: true, at: now, random: &random, into: &actions)
    case .invalid, .unauthorized, .nameTaken, .unavailable:
      loseLink(close: true, long: true, at: now, random: &random, into: &actions)
    }
  }

  /// Gives up the stream that is open or opening, and tries again later.
  mutating func loseLink(
    close: Bool, long: Bool = false, at now: Instants, random: inout SeededRandom,
    into actions: inout AgentActions
  ) {
    dropLink(close: close, into: &actions)
    let until = now.boot + (long ? refusedDelay(&random) : backoff(&random))
    link = .waiting(until: until)
    actions.append(.arm(.reconnect, until))
  }

  private mutating func dropLink(close: Bool, into actions: inout AgentActions) {
    if liveConnection != nil { actions.append(.logsTo(nil)) }
    if close, let number = link.connection { actions.append(.disconnect(number)) }
    link = .none
    rejected.removeAll()
    heartbeats.end()
  }

  mutating func reconnectTimer(at now: Instants, random: inout SeededRandom, into actions: inout AgentActions) {
    switch link {
    case .none, .live: return
    case .waiting(let until), .connecting(_, let until), .greeting(_, _, let until):
      guard now.boot >= until else {
        actions.append(.arm(.reconnect, until))
        return
      }
    }
    if case .waiting = link {
      connect(at: now, into: &actions)
    } else {
      loseLink(close: true, at: now, random: &random, into: &actions)
    }
  }

  /// Full jitter (Brooker, "Exponential Backoff and Jitter", 2015), so that the workers of a server that
  /// comes back do not all arrive at once.
  private mutating func backoff(_ random: inout SeededRandom) -> Span {
    let factor = Int64(1) << Int64(min(failures, 30))
    failures = min(failures + 1, 30)
    let bound = min(configuration.backoffCap, configuration.backoffBase * factor)
    return configuration.backoffFloor + random.span(below: bound)
  }

  private func refusedDelay(_ random: inout SeededRandom) -> Span {
    let half = Span(nanoseconds: configuration.refusedBackoff.nanoseconds / 2)
    return half + random.span(below: half)
  }

  // MARK: The end of an incarnation

  private mutating func judged(into actions: inout AgentActions) {
    counters.judged += 1
    dropLink(close: true, into: &actions)
    phase = .judged
    for attempt in held.all {
      if attempt.isActive {
        orderIsolation(attempt, into: &actions)
      } else {
        discard(attempt.ref, into: &actions)
      }
    }
    renewIfIdle(into: &actions)
  }

  /// Forgets an attempt that nobody waits for.
  mutating func discard(_ ref: AttemptRef, into actions: inout AgentActions) {
    held.remove(ref)
    actions.append(.forget(ref))
  }

  /// A judged incarnation: once nothing of it runs, the next may begin.
  mutating func renewIfIdle(into actions: inout AgentActions) {
    guard phase == .judged, held.isEmpty else { return }
    lease = Lease()
    actions.append(.setDeadline(nil))
    if draining {
      phase = .finished
      actions.append(.finished)
    } else {
      phase = .renewing
      actions.append(.renew)
    }
  }

  mutating func renewed(
    _ number: UInt64, at now: Instants, random: inout SeededRandom, into actions: inout AgentActions
  ) {
    guard phase == .renewing, number > incarnation else {
      counters.ignored += 1
      return
    }
    incarnation = number
    phase = .serving
    guard wasWelcomed else {
      // Its number was behind, as after the loss of its directory while the clock is late; the next may be so too.
      return loseLink(close: false, at: now, random: &random, into: &actions)
    }
    wasWelcomed = false
    failures = 0
    connect(at: now, into: &actions)
  }

  mutating func drain(into actions: inout AgentActions) {
    guard !draining else { return }
    draining = true
    switch phase {
    case .new, .renewing:
      phase = .finished
      actions.append(.finished)
    case .serving:
      if let number = liveConnection { actions.append(.send(number, .draining)) }
      leaveIfDone(into: &actions)
    case .judged, .finished: break
    }
  }

  /// Good-bye is said on a live stream alone: without it the server would have to wait for the lease.
  mutating func leaveIfDone(into actions: inout AgentActions) {
    guard draining, phase == .serving, held.isEmpty, let number = liveConnection else { return }
    actions.append(.send(number, .goodbye))
    dropLink(close: true, into: &actions)
    phase = .finished
    actions.append(.finished)
  }
}

extension SeededRandom {
  /// A span in `0..<bound`; zero where the bound is not positive.
  mutating func span(below bound: Span) -> Span {
    Span(nanoseconds: Int64(below(UInt64(clamping: bound.nanoseconds))))
  }
}
