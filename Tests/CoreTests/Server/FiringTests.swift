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
    let (record, skipped) = try #require(created(server).first)
    #expect(record.state == .skipped)
    #expect(record.occurrence == .due(first))
    #expect(record.endedAt == server.wall)
    #expect(skipped.expectedNextFire == first)
    #expect(skipped.nextFire == start)
    let skip = Skip(reason: .misfire, first: first, last: start - .milliseconds(10), count: 360_000)
    #expect(Skip(result: record.result) == skip)
    #expect(record.detail == skip.detail(nil))
    // Nothing fires before the record is known to be stored.
    #expect(server.questions.isEmpty)
    #expect(server.core.status.fresh == 1)
    server.commit()
    #expect(server.notices.contains { if case .instance(_, _, _, .skipped, _, _) = $0 { true } else { false } })
    #expect(server.core.status.fresh == 1)
    server.place(.nobody(reason: ""))
    let (last, due) = try #require(created(server).first)
    #expect(created(server).count == 1)
    #expect(last.occurrence == .due(start))
    #expect(due.expectedNextFire == start)
    #expect(due.nextFire == start + .milliseconds(10))
  }

  /// What follows for an hourly job after five and a half hours: the hours that are skipped, and those that fire.
  @Test(
    arguments: [
      (Misfire(), 0...4, [5]), (Misfire(policy: .skip), 0...5, []),
      (Misfire(policy: .skip, threshold: .seconds(7200)), 0...3, [4, 5]),
      (Misfire(policy: .fireAll), nil, [0, 1, 2, 3, 4, 5]), (Misfire(policy: .fireAll, limit: 2), 0...3, [4, 5]),
    ] as [(Misfire, ClosedRange<Int64>?, [Int64])])
  func missedDueTimesFireOrAreRecorded(_ misfire: Misfire, _ skipped: ClosedRange<Int64>?, _ fired: [Int64]) {
    var server = ServerHarness()
    let first = start - .seconds(5 * 3600 + 1800)
    server.jobs = [job(1, .fixedRate(.seconds(3600)), nextFire: first, anchor: first) { $0.misfire = misfire }]
    server.own()
    var records: [Skip?] = []
    var times: [Timestamp] = []
    for _ in 0..<10 {
      server.place(.nobody(reason: ""))
      guard let (instance, _) = created(server).first else { break }
      if instance.state == .skipped {
        records.append(Skip(result: instance.result))
      } else {
        times.append(instance.dueAt)
      }
      server.commit()
    }
    func hour(_ n: Int64) -> Timestamp { first + .seconds(3600 * n) }
    #expect(
      records
        == (skipped.map {
          [Skip(reason: .misfire, first: hour($0.lowerBound), last: hour($0.upperBound), count: Int64($0.count))]
        } ?? []))
    #expect(times == fired.map(hour))
    #expect(server.core.status.fresh == 0)
  }

  @Test func aRecordThatExistsGoesOn() {
    var server = ServerHarness()
    server.jobs = [
      job(1, .fixedRate(.seconds(10)), nextFire: start - .seconds(100), anchor: start - .seconds(100)) {
        $0.misfire.policy = .skip
      }
    ]
    server.own()
    server.commit([.duplicate(5)])
    server.place(.nobody(reason: ""))
    #expect(created(server).map(\.0.dueAt) == [start - .seconds(60)])
    #expect(server.core.status.fresh == 1)
  }

  @Test func jitterDelaysTheStartAndNotTheDueTime() throws {
    var server = ServerHarness()
    server.jobs = [job(1, .fixedRate(.seconds(10)), nextFire: start) { $0.jitter = .seconds(5) }]
    server.own()
    let (instance, due) = try #require(created(server).first)
    #expect(instance.dueAt == start)
    #expect(instance.readyAt == server.jobs[0].spec.start(of: start, job: instance.job))
    #expect(instance.readyAt > start && instance.readyAt < start + .seconds(5))
    #expect(due.nextFire == start + .seconds(10))
    #expect(server.questions.isEmpty)
    server.commit()
    #expect(server.questions.isEmpty)
    server.pass(instance.readyAt - start)
    server.runTimers()
    #expect(server.questions.map { $0.map(\.instance) } == [[instance.id]])
  }

  @Test func theLastDueTimeIsBeforeTheEnd() {
    var server = ServerHarness()
    server.jobs = [job(1, .fixedRate(.seconds(10)), nextFire: start) { $0.endsAt = start + .seconds(10) }]
    server.own()
    server.place(.nobody(reason: ""))
    #expect(created(server).map(\.1.nextFire) == [nil])
    server.commit()
    #expect(server.core.status.dueJobs == 0)
  }

  @Test func aFixedDelayEndsWithItsLife() {
    var server = ServerHarness()
    server.jobs = [job(1, .fixedDelay(.seconds(4)), nextFire: start) { $0.endsAt = start + .seconds(6) }]
    server.own()
    server.join()
    server.place(.worker(ServerHarness.ref()))
    let link = AttemptRef(instance: created(server)[0].0.id, attempt: 1)
    server.commit()
    server.pass(.seconds(2))
    server.result(link, on: ConnectionID(1))
    #expect(server.finishes.map(\.chain) == [nil])
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

  /// Somebody else ended the run that the chain stands at: with the due time that follows, or without; and perhaps changes
  /// the job, too, while the due time that is missing is on its way.
  @Test(arguments: [(true, false), (false, false), (false, true)])
  func aChainGoesOnThoughMemoryMissedItsEnd(dueTimeIsSet: Bool, jobChanges: Bool) {
    var server = ServerHarness()
    server.jobs = [job(1, .fixedDelay(.seconds(4)), nextFire: start)]
    server.own()
    server.place(.nobody(reason: ""))
    let id = created(server)[0].0.id
    server.commit()
    server.jobs[0].chain = id
    server.jobs[0].nextFire = dueTimeIsSet ? server.wall + .seconds(4) : nil
    server.join()
    server.place(.worker(ServerHarness.ref()))
    server.commit([.conflict])
    server.answerReads()
    if jobChanges {
      server.jobs[0].version = 2
      server.commit([.conflict])
      server.answerReads()
    }
    server.commitAll()
    server.pass(.seconds(4))
    server.runTimers()
    server.place(.worker(ServerHarness.ref()))
    #expect(created(server).map(\.0.occurrence) == [.after(id)])
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

  /// Somebody else sets a due time that memory does not hold, or holds another for, behind what it has read already.
  @Test(arguments: [nil, 3_600] as [Int64?]) func aDueTimeThatMemoryOverlookedIsFound(known: Int64?) {
    var server = ServerHarness { $0.overdueAfter = .seconds(10) }
    server.jobs = [job(1, .fixedRate(.seconds(7_200)), nextFire: known.map { start + .seconds($0) })]
    server.own()
    server.jobs[0].nextFire = start + .seconds(5)
    for _ in 0..<9 {
      server.pass(.seconds(10))
      server.runTimers()
      server.answerReads()
    }
    #expect(server.counted("job.overlooked"))
    #expect(server.questions.count == 1)
    server.place(.nobody(reason: ""))
    #expect(created(server).map(\.0.dueAt) == [start + .seconds(5)])
  }

  /// The clock is set forward over a due time that has not been read yet: the shard asks for what is due and for what is
  /// long due, and a user edits the job from an outdated version. Whichever answer comes first, the due time fires once.
  @Test(arguments: [true, false], [true, false])
  func aDueTimeThatIsReadTwiceFiresOnce(overdueFirst: Bool, edits: Bool) throws {
    var server = ServerHarness { $0.readLimit = 1_000 }
    server.jobs = [
      job(1, .fixedRate(.seconds(7_200)), nextFire: start + .seconds(3_000)) {
        $0.overlap = Overlap(limit: 1, policy: .discard)
        $0.misfire = Misfire(policy: .fireOnce, threshold: .seconds(7_200), limit: 1)
      }
    ]
    server.own()
    server.pass(.seconds(3_600))
    server.runTimers()
    if edits {
      var outdated = server.jobs[0]
      outdated.version = 9
      _ = server.request(.putJob(app: "a", spec: outdated.spec, existing: outdated))
    }
    let home = Shard(of: server.jobs[0].id)
    let wall = server.wall
    server.answerReads { _, read in
      guard case .dueJobs(home, let until, _, _) = read else { return false }
      return (until < wall) == overdueFirst
    }
    server.answerReads()
    #expect(server.questions.flatMap { $0 }.count == 1)
    server.place(.nobody(reason: ""))
    // The trimming of the audit, which comes some time after the start.
    server.commit()
    #expect(created(server).map { $0.0.state } == [.waiting])
    #expect(!server.counted("job.overlooked"))
  }

  /// A job's life is over when its run ends, but an edit that gives it more is on its way to the store: nobody else would
  /// set the due time that follows, if the server fell just then.
  @Test func aChainGoesOnIntoTheLifeThatAnEditGivesIt() throws {
    var server = ServerHarness()
    server.jobs = [job(1, .fixedDelay(.seconds(4)), nextFire: start) { $0.endsAt = start + .seconds(10) }]
    server.own()
    let connection = server.join()
    server.place(.worker(ServerHarness.ref()))
    let id = created(server)[0].0.id
    server.commit()
    server.pass(.seconds(20))
    var edited = server.jobs[0]
    edited.spec.endsAt = nil
    _ = server.request(.putJob(app: "a", spec: edited.spec, existing: server.jobs[0]))
    guard case .editJob? = server.verbs.first else {
      Issue.record("\(server.verbs)")
      return
    }
    server.result(AttemptRef(instance: id, attempt: 1), on: connection)
    server.commit()
    #expect(server.finishes.first?.chain?.nextFire == server.wall + .seconds(4))
  }
}
