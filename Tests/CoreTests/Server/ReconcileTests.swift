import SwitchyardCore
import SwitchyardModel
import Testing

/// What a worker says it holds, against what the store says is placed there.
@Suite struct ReconcileTests {
  let w = ServerHarness.ref()
  let attempt = AttemptRef(instance: InstanceID(rawValue: 900), attempt: 3)

  func restarted(_ state: InstanceState) -> ServerHarness {
    var server = ServerHarness()
    server.active = [placed(attempt, version(), state: state, on: w, connection: server)]
    server.workers = [record(w, session: 4)]
    server.own()
    return server
  }

  func item(_ attempt: AttemptRef, finished: Bool) -> InventoryItem {
    InventoryItem(attempt: attempt, slots: 1, finished: finished, startedAt: Timestamp(seconds: 5))
  }

  @Test func presentIsAdopted() {
    var server = restarted(.dispatched)
    #expect(server.core.running(attempt.instance, in: Shard(of: attempt.instance)) == nil)
    server.hello(inventory: [item(attempt, finished: false)])
    server.commit()
    #expect(server.core.running(attempt.instance, in: Shard(of: attempt.instance)) == Timestamp(seconds: 5))
    #expect(server.nodes.contains(.taken(w, slots: 1)))
    #expect(server.messages.count == 1)
    #expect(server.commits.isEmpty)
  }

  @Test func presentAndStoppingIsStopped() {
    var server = restarted(.stopping)
    server.hello(inventory: [item(attempt, finished: false)])
    server.commit()
    #expect(server.messages.contains(.stop(attempt, shard: Shard(of: attempt.instance), epoch: 1)))
  }

  @Test func absentIsSentAgain() {
    var server = restarted(.dispatched)
    server.hello()
    server.commit()
    #expect(server.dispatched == [attempt])
    guard case .welcome? = server.messages.first else {
      Issue.record("\(server.messages)")
      return
    }
  }

  @Test func absentAndStoppingIsStoppedAtOnce() {
    var server = restarted(.stopping)
    server.hello()
    server.commit()
    #expect(server.dispatched.isEmpty)
    #expect(server.finishes.map(\.next) == [.end(.stopped)])
  }

  @Test(arguments: [InstanceState.dispatched, .stopping]) func finishedIsAwaited(_ state: InstanceState) {
    var server = restarted(state)
    let connection = server.hello(inventory: [item(attempt, finished: true)])
    server.commit()
    #expect(server.messages.count == 1)
    #expect(server.commits.isEmpty)
    server.result(attempt, on: connection)
    #expect(server.finishes.map(\.next) == [.end(.succeeded)])
  }

  @Test func unknownIsStoppedAndItsResultIsStale() {
    var server = restarted(.dispatched)
    let stale = AttemptRef(instance: attempt.instance, attempt: 2)
    let strange = AttemptRef(instance: InstanceID(rawValue: 7), attempt: 1)
    let connection = server.hello(inventory: [item(stale, finished: true), item(strange, finished: false)])
    server.commit()
    #expect(server.dispatched == [attempt])
    #expect(server.messages.contains(.stop(strange, shard: Shard(of: strange.instance), epoch: 1)))
    server.forget()
    server.result(stale, on: connection)
    server.result(strange, .stopped, on: connection)
    #expect(server.isAcked(stale))
    #expect(server.isAcked(strange))
    #expect(server.commits.isEmpty)
  }

  @Test func dispatchCommittedWhileJoiningIsSentAfterTheWelcome() {
    var server = ServerHarness()
    server.own()
    server.join()
    server.submit(version())
    server.place(.worker(w))
    // The hello was written before the dispatch was known.
    server.hello()
    server.forget()
    server.commit()
    #expect(server.dispatched.isEmpty)
    server.commit()
    #expect(server.dispatched.count == 1)
    #expect(server.nodes.contains(.resumed(w)))
  }

  @Test func whatIsLostAgainAndAgainEndsAsLost() throws {
    var server = ServerHarness { $0.lossLimit = 3 }
    server.own()
    server.join()
    var attempt = server.dispatch(version())
    for incarnation in 2...4 as ClosedRange<UInt64> {
      // A new start, of which nothing of the old one is left: what that had is lost.
      server.join(ServerHarness.ref("w", incarnation))
      let finish = try #require(server.finishes.first)
      #expect(finish.outcome == .lost)
      server.commitAll()
      guard incarnation < 4 else {
        #expect(finish.next == .end(.lost))
        #expect(finish.detail?.hasPrefix("lost 3 times in a row; the last time: ") == true)
        break
      }
      guard case .wait = finish.next else {
        Issue.record("\(finish.next)")
        return
      }
      server.place(.worker(ServerHarness.ref("w", incarnation)))
      server.commitAll()
      attempt.attempt += 1
      #expect(server.dispatched.contains(attempt))
    }
  }

  @Test func placedOnALostWorkerComesBackAfterALoad() {
    var server = ServerHarness()
    server.active = [placed(attempt, version(), on: w, connection: server)]
    server.workers = [record(w, session: 4, verdict: .lost)]
    server.own()
    #expect(server.finishes.map(\.outcome) == [.lost])
    server.commit()
    #expect(server.questions.first?.first?.attempt == 4)
  }
}
