import SwitchyardCore
import SwitchyardModel
import Testing

/// The life of an instance, and that nothing shows of a commit before its outcome is known.
@Suite struct LifeTests {
  @Test func ofASubmittedInstance() throws {
    var server = ServerHarness()
    server.own()
    #expect(server.notices.contains(.owned(shards: 256)))
    let connection = server.join()
    server.forget()

    let token = server.submit(version())
    #expect(server.commits.isEmpty)
    #expect(server.questions.map(\.count) == [1])
    #expect(server.questions.first?.first?.attempt == 1)
    server.place(.worker(ServerHarness.ref()))
    #expect(server.reply(token) == nil)
    #expect(server.sent.isEmpty)
    guard case .createInstance(let instance, nil)? = server.verbs.first,
      case .dispatch(let dispatch)? = server.verbs.last
    else {
      Issue.record("\(server.verbs)")
      return
    }
    #expect(server.verbs.count == 2)
    #expect(dispatch.instance == instance.id)
    #expect(dispatch.expectedAttempt == 0)

    server.commit()
    let attempt = AttemptRef(instance: instance.id, attempt: 1)
    #expect(server.reply(token) == .submitted(instance.id, duplicate: false))
    #expect(server.dispatched == [attempt])
    #expect(server.events == [.dispatched])

    server.pass(.milliseconds(3))
    server.handle(.received(connection, .accepted(attempt, startedAt: server.wall)))
    #expect(server.core.running(instance.id, in: instance.shard) == server.wall)
    #expect(server.events == [.dispatched, .accepted])
    #expect(
      server.notices.contains(
        .started(attempt, job: instance.job, app: "a", worker: ServerHarness.ref(), startedAt: server.wall)))
    #expect(server.notices.contains(.measured(.started, .milliseconds(3))))

    server.result(attempt, on: connection)
    #expect(!server.isAcked(attempt))
    #expect(server.released() == 0)
    #expect(server.finishes.map(\.next) == [.end(.succeeded)])
    #expect(server.finishes.first?.startedAt == server.wall)
    server.commit()
    #expect(server.isAcked(attempt))
    #expect(server.released() == 1)
    #expect(server.events == [.dispatched, .accepted, .succeeded])
    #expect(server.core.status.placed == 0)
    #expect(server.core.running(instance.id, in: instance.shard) == nil)
  }

  @Test func whereNobodyTakesIt() {
    var server = ServerHarness()
    server.own()
    let token = server.submit(version())
    server.place(.nobody(reason: "no worker"))
    #expect(server.verbs.count == 1)
    server.commit()
    guard case .submitted(let id, false)? = server.reply(token) else {
      Issue.record("\(server.replies)")
      return
    }
    #expect(server.questions.isEmpty)
    // The class is blocked: the next one is stored without asking.
    server.submit(version())
    #expect(server.questions.isEmpty)
    #expect(server.commits.count == 1)
    server.commit()

    server.join()
    #expect(server.questions.map { $0.map(\.attempt) } == [[1, 1]])
    #expect(server.questions.first?.first?.instance == id)
    server.place(.worker(ServerHarness.ref()))
    server.commit()
    #expect(server.dispatched.count == 2)
  }

  @Test func thatIsDuplicate() {
    var server = ServerHarness()
    server.own()
    server.join()
    server.forget()
    let token = server.submit(version(), key: "k")
    server.place(.worker(ServerHarness.ref()))
    server.commit([.duplicate(77), .conflict])
    #expect(server.reply(token) == .submitted(InstanceID(rawValue: 77), duplicate: true))
    #expect(server.released() == 1)
    #expect(server.dispatched.isEmpty)
    #expect(server.core.status.fresh == 0)
  }

  @Test func thatNobodyWillEverTake() {
    var server = ServerHarness()
    server.own()
    let token = server.submit(version())
    server.place(.never(reason: "no such site"))
    server.commit()
    #expect(server.reply(token) != nil)
    guard case .settle(let settlement)? = server.verbs.first else {
      Issue.record("\(server.verbs)")
      return
    }
    #expect(settlement.to == .failed)
    #expect(settlement.detail == "no such site")
    server.commit()
    #expect(server.core.status.waiting == 0)
  }

  @Test func thatIsAskedForLater() {
    var server = ServerHarness()
    server.own()
    server.submit(version())
    server.place(.later(.seconds(2)))
    server.commit()
    #expect(server.questions.isEmpty)
    server.pass(.seconds(1))
    server.runTimers()
    #expect(server.questions.isEmpty)
    server.pass(.seconds(1))
    server.runTimers()
    #expect(server.questions.count == 1)
  }

  @Test func thatWasSubmittedForLater() {
    var server = ServerHarness()
    server.own()
    server.submit(version(), at: server.wall + .seconds(5))
    #expect(server.questions.isEmpty)
    server.commit()
    server.pass(.seconds(5))
    server.runTimers()
    #expect(server.questions.count == 1)
  }

  @Test func gathersWhileACommitIsInFlight() {
    var server = ServerHarness { $0.commitGroup = 3 }
    server.own()
    for _ in 0..<6 { server.submit(version(), at: server.wall + .seconds(5)) }
    #expect(server.commits.count == 1)
    server.commit()
    #expect(server.commits.map(\.ops.count) == [3])
    server.commit()
    #expect(server.commits.map(\.ops.count) == [2])
    server.commitAll()
    #expect(server.replies.count == 6)
  }

  @Test func abortedCommitIsTriedAgainAndHidden() {
    var server = ServerHarness()
    server.own()
    let token = server.submit(version(), at: server.wall + .seconds(5))
    let first = server.commits[0].ops
    server.fail(.aborted("disk full"))
    #expect(server.reply(token) == nil)
    #expect(server.commits.isEmpty)
    server.pass(.seconds(2))
    server.runTimers()
    #expect(server.commits.map(\.ops) == [first])
    server.commit()
    #expect(server.reply(token) != nil)
  }

  @Test func requestsBeyondTheBoundAreRefused() {
    var server = ServerHarness { $0.commitQueue = 2 }
    server.own()
    for _ in 0..<2 { server.submit(version(), at: server.wall + .seconds(5)) }
    let token = server.submit(version(), at: server.wall + .seconds(5))
    guard case .refused(.overloaded, _)? = server.reply(token) else {
      Issue.record("\(server.replies)")
      return
    }
    server.commitAll()
    #expect(server.replies.count == 3)
  }

  @Test func unknownOutcomeResignsAndReloads() throws {
    var server = ServerHarness()
    server.own()
    let connection = server.join()
    let attempt = server.dispatch(version())
    let token = server.submit(version(2))
    server.place(.worker(ServerHarness.ref()))
    let late = server.commits[0].token
    server.fail(.unknown("timeout"))
    guard case .refused(.unavailable, _)? = server.reply(token) else {
      Issue.record("\(server.replies)")
      return
    }
    #expect(server.claims == 2)
    #expect(server.nodes.contains(.left(ServerHarness.ref())))
    #expect(server.notices.contains { if case .resigned = $0 { true } else { false } })
    server.forget()
    server.handle(.committed(late, .done([.applied, .applied])))
    #expect(server.sent.isEmpty)
    server.result(attempt, on: connection)
    #expect(server.commits.isEmpty)

    server.active = [placed(attempt, version(), on: ServerHarness.ref(), connection: server)]
    server.workers = [record(ServerHarness.ref(), session: 1)]
    server.claimed()
    #expect(server.core.isOwning)
    #expect(server.core.epochs.first?.epoch == 2)
    let again = server.hello(
      inventory: [InventoryItem(attempt: attempt, slots: 1, finished: true, startedAt: nil)])
    server.commit()
    #expect(server.nodes.contains(.taken(ServerHarness.ref(), slots: 1)))
    server.result(attempt, on: again)
    #expect(server.finishes.count == 1)
    server.commit()
    #expect(server.isAcked(attempt))
  }

  @Test func fencedResigns() {
    var server = ServerHarness()
    server.own()
    server.submit(version(), at: server.wall + .seconds(5))
    server.commit([.fenced])
    #expect(server.claims == 2)
  }

  @Test func shutdownWaitsForWhatIsInFlight() {
    var server = ServerHarness()
    server.own()
    server.join()
    server.forget()
    let token = server.submit(version())
    server.handle(.shutdown)
    let late = server.submit(version())
    guard case .refused(.unavailable, _)? = server.reply(late) else {
      Issue.record("\(server.replies)")
      return
    }
    #expect(!server.others.contains { if case .stopped = $0 { true } else { false } })
    server.place(.worker(ServerHarness.ref()))
    server.commit()
    #expect(server.reply(token) != nil)
    #expect(server.others.contains { if case .stopped = $0 { true } else { false } })
  }

  @Test func claimThatFailsIsTriedAgain() {
    var server = ServerHarness()
    server.handle(.start)
    server.handle(.claimFailed("in use"))
    #expect(server.claims == 1)
    server.pass(.seconds(1))
    server.runTimers()
    #expect(server.claims == 2)
    server.claimed()
    #expect(server.core.isOwning)
  }

  @Test func readThatFailsIsTriedAgain() {
    var server = ServerHarness()
    server.handle(.start)
    server.handle(.claimed(Shard.all.map { ShardClaim(shard: $0, epoch: 1) }, idFloor: 0))
    let failing = server.reads
    server.reads = []
    for (token, _) in failing { server.handle(.read(token, nil)) }
    #expect(!server.core.isOwning)
    server.pass(.seconds(1))
    server.runTimers()
    server.answerReads()
    #expect(server.core.isOwning)
  }
}

func placed(
  _ attempt: AttemptRef, _ definition: JobVersion, state: InstanceState = .dispatched, on ref: WorkerRef,
  connection server: ServerHarness, shard: Shard? = nil
) -> ActiveInstance {
  ActiveInstance(
    instance: Instance(
      id: attempt.instance, job: definition.job, jobVersion: definition.number, app: definition.app,
      shard: shard ?? Shard(of: attempt.instance), occurrence: .submitted(attempt.instance), state: state,
      attempt: attempt.attempt, readyAt: server.wall, dueAt: server.wall, createdAt: server.wall, worker: ref,
      dispatchedAt: server.wall),
    definition: definition)
}

func record(_ ref: WorkerRef, session: UInt64, lineage: UInt64 = 7, verdict: Verdict? = nil) -> WorkerRecord {
  WorkerRecord(
    ref: ref, session: session, lineage: lineage, home: "s", verdict: verdict, profile: ServerHarness.profile,
    seenAt: Timestamp(seconds: 1_800_000_000))
}
