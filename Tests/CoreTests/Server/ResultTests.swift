import SwitchyardCore
import SwitchyardModel
import Testing

/// Ends of attempts: what follows from each outcome, doubles, and results of attempts that are over.
@Suite struct ResultTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var outcome: AttemptOutcome
    var change: @Sendable (inout JobSpec) -> Void = { _ in }
    var isStopping = false
    var began = true
    var follows: @Sendable (Finish.Next, Timestamp) -> Bool
    var name: String
    var testDescription: String { name }
  }

  static let retrying: @Sendable (inout JobSpec) -> Void = {
    $0.retry = RetryPolicy(limit: 1, backoff: .seconds(4), jitter: 0)
  }

  static let cases: [Case] = [
    Case(outcome: .succeeded, follows: { next, _ in next == .end(.succeeded) }, name: "succeeded"),
    Case(outcome: .failed, follows: { next, _ in next == .end(.failed) }, name: "failed without retries"),
    Case(
      outcome: .failed, change: retrying,
      follows: { next, now in next == .wait(readyAt: now + .seconds(4), tries: 1) }, name: "failed with retries"),
    Case(
      outcome: .timedOut, change: retrying,
      follows: { next, now in next == .wait(readyAt: now + .seconds(4), tries: 1) }, name: "timed out with retries"),
    Case(outcome: .timedOut, follows: { next, _ in next == .end(.timedOut) }, name: "timed out"),
    Case(outcome: .stopped, follows: { next, _ in next == .end(.stopped) }, name: "stopped"),
    Case(
      outcome: .isolated, follows: { next, now in next == .wait(readyAt: now, tries: 0) }, name: "isolated"),
    Case(
      outcome: .isolated, change: { $0.onLost = .fail }, follows: { next, _ in next == .end(.lost) },
      name: "isolated, at most once"),
    Case(
      outcome: .isolated, change: { $0.onLost = .fail }, began: false,
      follows: { next, now in next == .wait(readyAt: now, tries: 0) }, name: "isolated before it began"),
    Case(
      outcome: .rejected,
      follows: { next, now in next == .wait(readyAt: now + .milliseconds(100), tries: 0) }, name: "rejected"),
    Case(
      outcome: .failed, change: retrying, isStopping: true, follows: { next, _ in next == .end(.failed) },
      name: "failed while stopping"),
    Case(
      outcome: .succeeded, isStopping: true, follows: { next, _ in next == .end(.succeeded) },
      name: "succeeded while stopping"),
    Case(
      outcome: .isolated, isStopping: true, follows: { next, _ in next == .end(.stopped) },
      name: "isolated while stopping"),
    Case(
      outcome: .rejected, isStopping: true, follows: { next, _ in next == .end(.stopped) },
      name: "rejected while stopping"),
  ]

  @Test(arguments: cases) func follows(_ test: Case) throws {
    var server = ServerHarness()
    server.own()
    let connection = server.join()
    let definition = version(1, test.change)
    let attempt = server.dispatch(definition)
    if test.isStopping {
      let row = placed(attempt, definition, on: ServerHarness.ref(), connection: server)
      _ = server.request(.end(row.instance))
      server.commit()
    }
    if test.outcome == .rejected {
      server.handle(.received(connection, .rejected(attempt, reason: "full")))
    } else {
      server.result(attempt, test.outcome, on: connection, startedAt: test.began ? server.wall : nil)
    }
    let finish = try #require(server.finishes.first)
    #expect(finish.outcome == test.outcome)
    #expect(test.follows(finish.next, server.wall), "\(finish.next)")
    server.commit()
    #expect(server.released() == 1)
    #expect(server.isAcked(attempt) == (test.outcome != .rejected))
    #expect(server.core.status.placed == 0)
  }

  @Test func aRetryIsPlacedAgainAsTheNextAttempt() throws {
    var server = ServerHarness()
    server.own()
    let connection = server.join()
    let attempt = server.dispatch(version(1, Self.retrying))
    server.result(attempt, .failed, on: connection)
    server.commit()
    #expect(server.questions.isEmpty)
    server.pass(.seconds(4))
    server.handle(.received(connection, .heartbeat(Heartbeat(sequence: 1, used: 0))))
    server.runTimers()
    let request = try #require(server.questions.first?.first)
    #expect(request.attempt == 2)
    #expect(request.tried == ["w"])
    server.place(.worker(ServerHarness.ref()))
    server.commit()
    #expect(server.dispatched == [AttemptRef(instance: attempt.instance, attempt: 2)])
    // The first attempt's result comes again: stale.
    server.forget()
    server.result(attempt, .succeeded, on: connection)
    #expect(server.counted("result.stale"))
    #expect(server.isAcked(attempt))
    #expect(server.commits.isEmpty)
  }

  @Test func aResultThatComesTwiceEndsOnce() {
    var server = ServerHarness()
    server.own()
    let connection = server.join()
    let attempt = server.dispatch(version())
    server.result(attempt, on: connection)
    server.result(attempt, on: connection)
    #expect(server.finishes.count == 1)
    server.commit()
    #expect(server.commits.isEmpty)
    server.result(attempt, on: connection)
    #expect(server.commits.isEmpty)
    #expect(server.counted("result.stale"))
    #expect(server.released() == 1)
    #expect(server.events == [.succeeded])
  }

  @Test func aResultOfAnotherWorkerIsStale() {
    var server = ServerHarness()
    server.own()
    server.join()
    let other = server.join(ServerHarness.ref("x"), lineage: 9)
    let attempt = server.dispatch(version())
    server.result(attempt, on: other)
    #expect(server.commits.isEmpty)
    #expect(server.counted("result.stale"))
    #expect(server.core.status.placed == 1)
  }

  @Test func aConflictReadsTheRowAndBelievesIt() {
    var server = ServerHarness()
    server.own()
    let connection = server.join()
    let attempt = server.dispatch(version())
    server.result(attempt, on: connection)
    server.commit([.conflict])
    // The store has no such row.
    server.answerReads()
    #expect(server.isAcked(attempt))
    #expect(server.released() == 1)
    #expect(server.core.status.placed == 0)
  }

  @Test func aDispatchConflictGivesTheCreditBack() {
    var server = ServerHarness()
    server.own()
    server.join()
    server.forget()
    server.submit(version())
    server.place(.worker(ServerHarness.ref()))
    server.commit([.applied, .conflict])
    #expect(server.released() == 1)
    #expect(server.dispatched.isEmpty)
    server.answerReads()
    #expect(server.core.status.waiting == 0)
  }

  @Test func rejectionsWaitLongerEachTime() {
    var server = ServerHarness()
    server.own()
    let connection = server.join()
    var attempt = server.dispatch(version())
    var waits: [Span] = []
    for _ in 0..<3 {
      server.handle(.received(connection, .rejected(attempt, reason: "full")))
      if case .wait(let readyAt, _)? = server.finishes.first?.next { waits.append(readyAt - server.wall) }
      server.commit()
      server.pass(.seconds(1))
      server.handle(.received(connection, .heartbeat(Heartbeat(sequence: 1, used: 0))))
      server.runTimers()
      server.place(.worker(ServerHarness.ref()))
      server.commit()
      attempt.attempt += 1
    }
    #expect(waits == [.milliseconds(100), .milliseconds(200), .milliseconds(400)])
  }

  @Test func logsOfStrangersAreNotKept() {
    var server = ServerHarness()
    server.own()
    let connection = server.join()
    let attempt = server.dispatch(version())
    func chunk(_ attempt: AttemptRef) -> WorkerMessage { .log(LogChunk(attempt: attempt, offset: 2, bytes: [1])) }
    server.handle(.received(connection, chunk(attempt)))
    #expect(server.others.count == 1)
    server.result(attempt, on: connection)
    server.commit()
    // Late, but known.
    server.handle(.received(connection, chunk(attempt)))
    #expect(server.others.count == 2)
    let strange = AttemptRef(instance: InstanceID(rawValue: 5), attempt: 1)
    server.handle(.received(connection, chunk(strange)))
    #expect(server.others.count == 2)
    #expect(server.messages.contains(.logAck(strange, offset: 3)))
  }
}
