import SwitchyardCore
import SwitchyardModel
import Testing

/// Streams of workers: joining, superseding, silence, verdicts.
@Suite struct SessionTests {
  let w = ServerHarness.ref()

  @Test func joinsOnceTheStoreKnows() {
    var server = ServerHarness()
    server.own()
    server.hello()
    server.answerReads()
    #expect(server.sent.isEmpty)
    #expect(server.nodes.isEmpty)
    guard case .putWorker(let record)? = server.verbs.first else {
      Issue.record("\(server.verbs)")
      return
    }
    #expect(record.session == 1)
    server.commit()
    guard case .welcome(let welcome)? = server.messages.first else {
      Issue.record("\(server.messages)")
      return
    }
    #expect(welcome.session == 1)
    #expect(welcome.epochs.count == 256)
    #expect(server.nodes == [.joined(w, ServerHarness.profile, session: 1)])
  }

  @Test func waitsUntilTheShardsAreLoaded() {
    var server = ServerHarness()
    server.handle(.start)
    server.hello()
    #expect(server.sent.isEmpty)
    server.claimed()
    server.commit()
    #expect(server.messages.count == 1)
  }

  @Test func badHelloIsRefused() {
    var server = ServerHarness()
    server.own()
    for ref in [
      WorkerRef(name: "", incarnation: 1), WorkerRef(name: "a b", incarnation: 1), WorkerRef(name: "w", incarnation: 0),
    ] {
      server.forget()
      server.hello(ref)
      guard case .refused(.invalid, _)? = server.messages.first else {
        Issue.record("\(ref): \(server.messages)")
        return
      }
    }
    #expect(server.commits.isEmpty)
  }

  @Test func secondStreamSupersedesTheFirst() {
    var server = ServerHarness()
    server.own()
    let first = server.join()
    let attempt = server.dispatch(version())
    let second = server.hello(inventory: [InventoryItem(attempt: attempt, slots: 1, finished: false, startedAt: nil)])
    guard case .refused(.superseded, _)? = server.messages.first else {
      Issue.record("\(server.messages)")
      return
    }
    #expect(server.sent.first?.connection == first)
    #expect(server.nodes.contains(.suspended(w)))
    server.result(attempt, on: first)
    #expect(server.finishes.isEmpty)
    server.commit()
    #expect(server.nodes.contains(.resumed(w)))
    #expect(server.core.sessions.first?.session == 2)
    // The old stream's end changes nothing.
    server.handle(.disconnected(first))
    #expect(server.core.sessions.first?.state == .live)
    server.result(attempt, on: second)
    #expect(server.finishes.count == 1)
  }

  @Test func brokenStreamSuspendsAtOnceAndIsJudgedAfterTheLease() throws {
    var server = ServerHarness()
    server.own()
    let connection = server.join()
    let attempt = server.dispatch(version())
    server.pass(.seconds(2))
    server.handle(.received(connection, .heartbeat(Heartbeat(sequence: 1, used: 1))))
    #expect(server.messages.contains(.heartbeatAck(sequence: 1)))
    server.pass(.seconds(1))
    server.handle(.disconnected(connection))
    #expect(server.nodes.contains(.suspended(w)))
    server.pass(.seconds(12))
    server.runTimers()
    #expect(server.commits.isEmpty)
    server.pass(.seconds(1))
    server.runTimers()
    #expect(server.verbs == [.judgeWorker(w, session: 1, verdict: .lost, at: server.wall)])
    #expect(!server.nodes.contains(.left(w)))
    server.commit()
    #expect(server.nodes.contains(.left(w)))
    #expect(server.notices.contains(.workerJudged(w, .lost)))
    let finish = try #require(server.finishes.first)
    #expect(finish.outcome == .lost)
    #expect(finish.attempt == attempt.attempt)
    #expect(finish.next == .wait(readyAt: server.wall, tries: 0))
    server.workers = [record(w, session: 1, verdict: .lost)]
    server.commit()
    server.forget()
    server.hello()
    server.answerReads()
    guard case .refused(.judged, _)? = server.messages.first else {
      Issue.record("\(server.messages)")
      return
    }
  }

  @Test func reconnectionInTimeKeepsEverything() {
    var server = ServerHarness()
    server.own()
    let connection = server.join()
    let attempt = server.dispatch(version())
    server.handle(.disconnected(connection))
    server.pass(.seconds(10))
    server.hello(inventory: [InventoryItem(attempt: attempt, slots: 1, finished: false, startedAt: server.wall)])
    server.commit()
    server.pass(.seconds(6))
    server.runTimers()
    #expect(server.finishes.isEmpty)
    #expect(server.core.sessions.first?.state == .live)
    #expect(server.dispatched.isEmpty)
  }

  @Test func silenceSuspendsAndABeatResumes() {
    var server = ServerHarness()
    server.own()
    let connection = server.join()
    server.pass(.seconds(9))
    server.runTimers()
    #expect(server.nodes.contains(.suspended(w)))
    server.handle(.received(connection, .heartbeat(Heartbeat(sequence: 1, used: 0))))
    #expect(server.nodes.contains(.resumed(w)))
  }

  @Test func halfOpenStreamIsJudged() {
    var server = ServerHarness()
    server.own()
    server.join()
    server.pass(.seconds(9))
    server.runTimers()
    server.pass(.seconds(5))
    server.forget()
    server.runTimers()
    #expect(server.verbs == [.judgeWorker(w, session: 1, verdict: .lost, at: server.wall)])
    // Nothing is said of a verdict that is not durable.
    #expect(server.messages.isEmpty)
    #expect(server.others.contains { if case .close = $0 { true } else { false } })
  }

  @Test func workersOfTheStoreHaveALeaseToComeBack() {
    var server = ServerHarness()
    server.workers = [record(w, session: 4)]
    server.own()
    server.pass(.seconds(13))
    server.runTimers()
    #expect(server.commits.isEmpty)
    server.pass(.seconds(1))
    server.runTimers()
    #expect(server.verbs == [.judgeWorker(w, session: 4, verdict: .lost, at: server.wall)])
  }

  @Test("nobody takes a name for ever by the highest start of all")
  func startsOfTheFuture() {
    var server = ServerHarness()
    server.own()
    let now = UInt64(server.wall.milliseconds)
    for incarnation in [UInt64(Int64.max), now + 86_400_001] {
      server.hello(ServerHarness.ref("w", incarnation))
      server.answerReads()
      guard case .refused(.unavailable, let reason)? = server.messages.last else {
        Issue.record("\(server.messages)")
        return
      }
      #expect(reason.contains("set the clocks"))
    }
    server.hello(ServerHarness.ref("w", now + 86_400_000))
    server.answerReads()
    server.commit()
    #expect(server.core.sessions.first?.session == 1)
  }

  @Test func helloDuringTheVerdictIsJudged() {
    var server = ServerHarness()
    server.workers = [record(w, session: 4)]
    server.own()
    server.pass(.seconds(14))
    server.runTimers()
    server.hello()
    #expect(server.sent.isEmpty)
    server.commit()
    guard case .refused(.judged, _)? = server.messages.first else {
      Issue.record("\(server.messages)")
      return
    }
    // Its next incarnation may join.
    server.forget()
    server.workers = [record(w, session: 4, verdict: .lost)]
    server.hello(ServerHarness.ref("w", 2))
    server.answerReads()
    server.commit()
    #expect(server.core.sessions.first?.session == 5)
  }

  @Test func newIncarnationOfTheLineageReplacesTheOld() throws {
    var server = ServerHarness()
    server.own()
    server.join()
    let attempt = server.dispatch(version())
    let next = ServerHarness.ref("w", 2)
    server.hello(next)
    #expect(server.verbs.count == 2)
    guard case .judgeWorker(w, session: 1, verdict: .left, _)? = server.verbs.first else {
      Issue.record("\(server.verbs)")
      return
    }
    server.commit()
    #expect(server.nodes.contains(.left(w)))
    #expect(server.nodes.contains(.joined(next, ServerHarness.profile, session: 2)))
    let finish = try #require(server.finishes.first)
    #expect(finish.outcome == .lost)
    #expect(finish.worker == w)
    #expect(finish.instance == attempt.instance)
  }

  @Test func anotherLineageWaitsForTheVerdict() {
    var server = ServerHarness()
    server.own()
    server.join()
    server.forget()
    server.hello(ServerHarness.ref("w", 9), lineage: 8)
    guard case .refused(.nameTaken, _)? = server.messages.first else {
      Issue.record("\(server.messages)")
      return
    }
    #expect(server.core.sessions.first?.state == .live)
  }

  @Test func olderIncarnationIsJudged() {
    var server = ServerHarness()
    server.own()
    server.join(ServerHarness.ref("w", 3))
    server.forget()
    server.hello(ServerHarness.ref("w", 2))
    guard case .refused(.judged, _)? = server.messages.first else {
      Issue.record("\(server.messages)")
      return
    }
  }

  @Test func goodbyeEndsTheIncarnation() {
    var server = ServerHarness()
    server.own()
    let connection = server.join()
    server.handle(.received(connection, .draining), .received(connection, .goodbye))
    #expect(server.nodes.contains(.draining(w)))
    #expect(server.verbs == [.judgeWorker(w, session: 1, verdict: .left, at: server.wall)])
    server.commit()
    #expect(server.nodes.contains(.left(w)))
    #expect(server.core.sessions.isEmpty)
  }

  @Test func whatCrossedAGoodbyeIsPlacedAgain() {
    var server = ServerHarness()
    server.own()
    let connection = server.join()
    _ = server.dispatch(version { $0.onLost = .fail })
    server.handle(.received(connection, .goodbye))
    server.commit()
    #expect(server.finishes.map(\.outcome) == [.superseded])
    #expect(server.finishes.map(\.next) == [.wait(readyAt: server.wall, tries: 0)])
  }

  @Test func streamThatBreaksWhileJoiningIsAbsent() {
    var server = ServerHarness()
    server.own()
    let connection = server.hello()
    server.answerReads()
    server.handle(.disconnected(connection))
    server.commit()
    #expect(server.sent.isEmpty)
    #expect(server.nodes.isEmpty)
    #expect(server.core.sessions.first?.state == .absent)
    server.pass(.seconds(14))
    server.runTimers()
    #expect(server.verbs.count == 1)
  }

  @Test func conflictIsReadAgain() {
    var server = ServerHarness()
    server.own()
    server.hello()
    server.answerReads()
    server.workers = [record(w, session: 8)]
    server.commit([.conflict])
    server.answerReads()
    server.commit()
    #expect(server.core.sessions.first?.session == 9)
    #expect(server.messages.count == 1)
  }

  @Test(arguments: [(OnLost.retry, Finish.Next?.none), (.fail, .end(.lost)), (.hold, .hold)])
  func lostFollowsTheJob(_ onLost: OnLost, _ next: Finish.Next?) {
    var server = ServerHarness()
    server.own()
    let connection = server.join()
    _ = server.dispatch(version { $0.onLost = onLost })
    server.handle(.disconnected(connection))
    server.pass(.seconds(14))
    server.runTimers()
    server.commit()
    #expect(server.finishes.map(\.next) == [next ?? .wait(readyAt: server.wall, tries: 0)])
    server.commit()
    #expect(server.core.status.placed == 0)
  }

  @Test func dispatchThatLandsOnAJudgedWorkerComesBack() {
    var server = ServerHarness()
    server.own()
    let connection = server.join()
    server.submit(version())
    server.handle(.disconnected(connection))
    server.forget()
    // The pick was made before the lane knew.
    server.place(.worker(w))
    #expect(server.released() == 1)
    #expect(server.verbs.count == 1)
  }
}
