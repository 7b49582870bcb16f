import SwitchyardCore
import SwitchyardModel
import Testing

/// Due times, misfires, and chains of fixed delays.
@Suite struct FiringTests {
  let start = Timestamp(seconds: 1_800_000_000)

  func created(_ server: ServerHarness) -> [(Instance, DueGuard)] {
    server.verbs.compactMap { if case .createInstance(let instance, let due?) = $0 { (instance, due) } else { nil } }
  }

  @Test func fixedRateFiresEachDueTimeOnce() throws {
    var server = ServerHarness()
    server.jobs = [job(1, .fixedRate(.seconds(10)), nextFire: start + .seconds(10))]
    server.own()
    server.join()
    for n in 1...3 {
      server.pass(.seconds(10))
      server.handle(.received(ConnectionID(1), .heartbeat(Heartbeat(sequence: 1, used: 0))))
      server.runTimers()
      server.runTimers()
      server.place(.worker(ServerHarness.ref()))
      let (instance, due) = try #require(created(server).first)
      #expect(instance.occurrence == .due(start + .seconds(Int64(10 * n))))
      #expect(instance.dueAt == server.wall)
      #expect(instance.shard == Shard(of: instance.job))
      #expect(due.expectedNextFire == server.wall)
      #expect(due.nextFire == server.wall + .seconds(10))
      #expect(server.verbs.count == 2)
      // Nothing more fires before the outcome is known.
      server.runTimers()
      #expect(server.commits.count == 1)
      server.commit()
    }
    #expect(server.dispatched.count == 3)
  }

  @Test func cronFiresAtTheSecond() throws {
    var server = ServerHarness()
    let cron = try CronExpression(parsing: "*/5 * * * * *")
    server.jobs = [job(1, .cron(cron), nextFire: start + .seconds(5))]
    server.own()
    server.pass(.seconds(5) - .nanoseconds(1))
    server.runTimers()
    #expect(server.questions.isEmpty)
    server.pass(.nanoseconds(1))
    server.runTimers()
    server.place(.nobody(reason: ""))
    #expect(created(server).first?.1.nextFire == start + .seconds(10))
  }

  @Test func onceFiresOnce() {
    var server = ServerHarness()
    server.jobs = [job(1, .once(start + .seconds(1)), nextFire: start + .seconds(1))]
    server.own()
    server.pass(.seconds(1))
    server.runTimers()
    server.place(.nobody(reason: ""))
    #expect(created(server).map(\.1.nextFire) == [nil])
    server.commit()
    server.pass(.seconds(100))
    server.runTimers()
    #expect(created(server).isEmpty)
    #expect(server.core.status.dueJobs == 0)
  }

  @Test func lateWithinTheThresholdFiresEach() {
    var server = ServerHarness()
    server.jobs = [job(1, .fixedRate(.seconds(10)), nextFire: start - .seconds(30), anchor: start - .seconds(60))]
    server.own()
    var fired: [Timestamp] = []
    server.place(.nobody(reason: ""))
    while let (instance, _) = created(server).first {
      fired.append(instance.dueAt)
      server.commit()
    }
    #expect(fired == [start - .seconds(30), start - .seconds(20), start - .seconds(10), start])
  }

  @Test func anHourDownIsTwoRecords() throws {
    var server = ServerHarness()
    let first = start - .seconds(3600)
    server.jobs = [job(1, .fixedRate(.milliseconds(10)), nextFire: first, anchor: first)]
    server.own()
    server.place(.nobody(reason: ""))
    let all = created(server)
    try #require(all.count == 2)
    #expect(all[0].0.state == .skipped)
    #expect(all[0].0.occurrence == .due(first))
    #expect(all[0].1.expectedNextFire == first)
    #expect(all[0].1.nextFire == start)
    #expect(all[0].0.detail?.hasPrefix("misfire: 360000 due times") == true)
    #expect(all[1].0.occurrence == .due(start))
    #expect(all[1].1.expectedNextFire == start)
    #expect(all[1].1.nextFire == start + .milliseconds(10))
    server.commit()
    #expect(server.notices.contains { if case .instance(_, _, _, .skipped, _, _) = $0 { true } else { false } })
  }

  @Test(arguments: [
    ("0 * * * * *", 59, "59 due times"), ("*/7 * * * * *", 0, "539 due times"), ("* * * * * *", 0, "more than 1000"),
    ("0 30 * * * *", 1800, nil),
  ])
  func cronMisfireFiresTheLast(_ text: String, _: Int, _ detail: String?) throws {
    var server = ServerHarness()
    let cron = try CronExpression(parsing: text)
    let first = try #require(cron.next(after: start - .seconds(3600), in: .utc))
    server.jobs = [job(1, .cron(cron), nextFire: first)]
    server.own()
    server.place(.nobody(reason: ""))
    let (last, due) = try #require(created(server).last)
    // The last due time that has come, found the slow way.
    var expected = first
    while let next = cron.next(after: expected, in: .utc), next <= start { expected = next }
    #expect(last.dueAt == expected)
    #expect(due.nextFire == cron.next(after: expected, in: .utc))
    #expect(created(server).first?.0.detail?.contains(detail ?? "") ?? (detail == nil))
    #expect((created(server).count == 1) == (detail == nil))
  }

  @Test func aDuplicateGoesOn() {
    var server = ServerHarness()
    server.jobs = [job(1, .fixedRate(.seconds(10)), nextFire: start)]
    server.own()
    server.place(.nobody(reason: ""))
    server.commit([.duplicate(5)])
    server.pass(.seconds(10))
    server.runTimers()
    #expect(created(server).map(\.0.dueAt) == [start + .seconds(10)])
  }

  @Test func aConflictReadsTheJobAgain() {
    var server = ServerHarness()
    server.jobs = [job(1, .fixedRate(.seconds(10)), nextFire: start)]
    server.own()
    server.place(.nobody(reason: ""))
    server.jobs = [job(1, .fixedRate(.seconds(10)), nextFire: start + .seconds(3))]
    server.commit([.conflict])
    server.answerReads()
    server.pass(.seconds(3))
    server.runTimers()
    #expect(created(server).map(\.0.dueAt) == [start + .seconds(3)])
  }

  // MARK: Fixed delay

  /// Runs the chain's first link; the instance that carries it.
  func firstLink(_ server: inout ServerHarness) -> AttemptRef {
    server.jobs = [job(1, .fixedDelay(.seconds(4)), nextFire: start)]
    server.own()
    server.join()
    server.place(.worker(ServerHarness.ref()))
    let link = created(server)[0]
    #expect(link.0.occurrence == .due(start))
    #expect(link.1.nextFire == nil)
    #expect(link.1.chain == link.0.id)
    server.commit()
    return AttemptRef(instance: link.0.id, attempt: 1)
  }

  @Test func aFixedDelayWaitsForTheEnd() {
    var server = ServerHarness()
    let first = firstLink(&server)
    server.pass(.seconds(5))
    server.result(first, on: ConnectionID(1))
    #expect(
      server.finishes.first?.chain
        == ChainAdvance(job: JobID(rawValue: 1), predecessor: first.instance, nextFire: server.wall + .seconds(4)))
    server.commit()
    #expect(server.questions.isEmpty)
    server.pass(.seconds(4))
    server.runTimers()
    server.place(.worker(ServerHarness.ref()))
    #expect(created(server).map(\.0.occurrence) == [.after(first.instance)])
  }

  @Test func aRetryDoesNotMoveTheChain() {
    var server = ServerHarness()
    server.jobs = [job(1, .fixedDelay(.seconds(4)), nextFire: start) { $0.retry = RetryPolicy(limit: 1) }]
    server.own()
    server.join()
    server.place(.worker(ServerHarness.ref()))
    let id = created(server)[0].0.id
    server.commit()
    server.result(AttemptRef(instance: id, attempt: 1), .failed, on: ConnectionID(1))
    #expect(server.finishes.map(\.chain) == [nil])
  }

  @Test func aCancelledLinkMovesTheChain() {
    var server = ServerHarness()
    server.jobs = [job(1, .fixedDelay(.seconds(4)), nextFire: start)]
    server.own()
    server.place(.nobody(reason: ""))
    let instance = created(server)[0].0
    server.commit()
    _ = server.request(.end(instance))
    guard case .settle(let settlement)? = server.verbs.first else {
      Issue.record("\(server.verbs)")
      return
    }
    #expect(settlement.chain?.nextFire == server.wall + .seconds(4))
    server.commit()
    server.pass(.seconds(4))
    server.runTimers()
    #expect(created(server).map(\.0.occurrence) == [.after(instance.id)])
  }

  @Test func aChainWhoseJobIsNotInMemoryIsRead() {
    var server = ServerHarness()
    var fixed = job(1, .fixedDelay(.seconds(4)))
    let id = InstanceID(rawValue: 600)
    fixed.chain = id
    let definition = JobVersion(fixed)
    let attempt = AttemptRef(instance: id, attempt: 1)
    server.jobs = [fixed]
    server.active = [
      placed(attempt, definition, on: ServerHarness.ref(), connection: server, shard: Shard(of: fixed.id))
    ]
    server.workers = [record(ServerHarness.ref(), session: 1)]
    server.own()
    let connection = server.hello(inventory: [InventoryItem(attempt: attempt, slots: 1, finished: true, startedAt: nil)]
    )
    server.commit()
    server.result(attempt, on: connection)
    #expect(server.finishes.first?.chain?.predecessor == id)
    server.jobs[0].nextFire = server.wall + .seconds(4)
    server.commit()
    server.answerReads()
    server.pass(.seconds(4))
    server.runTimers()
    #expect(server.questions.count == 1)
  }
}
