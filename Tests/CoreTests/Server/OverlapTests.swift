import SwitchyardCore
import SwitchyardModel
import Testing

/// Limits of jobs: who goes, who waits for his turn, who is skipped, refused, failed, replaced.
@Suite struct OverlapTests {
  let start = Timestamp(seconds: 1_800_000_000)

  func limited(
    _ limit: Int64 = 1, _ policy: Overlap.Policy = .queue, queue: Int64 = 2, number: UInt32 = 1
  ) -> JobVersion {
    var job = job(1) { $0.overlap = Overlap(limit: limit, policy: policy, queue: queue) }
    job.version = number
    return JobVersion(job)
  }

  func created(_ server: ServerHarness) -> [Instance] {
    server.verbs.compactMap { if case .createInstance(let instance, _) = $0 { instance } else { nil } }
  }

  func settlements(_ server: ServerHarness) -> [Settlement] {
    server.verbs.compactMap { if case .settle(let settlement) = $0 { settlement } else { nil } }
  }

  /// Submits one that waits for its turn, and keeps its row; its identity.
  func line(up definition: JobVersion, _ server: inout ServerHarness) throws -> InstanceID {
    server.submit(definition)
    #expect(server.questions.isEmpty)
    let instance = try #require(created(server).first)
    #expect(instance.state == .queued)
    #expect(instance.shard == Shard(of: instance.job))
    server.active.append(ActiveInstance(instance: instance, definition: definition))
    server.commit()
    return instance.id
  }

  func harness() -> (ServerHarness, ConnectionID) {
    var server = ServerHarness()
    server.own()
    let connection = server.join()
    return (server, connection)
  }

  @Test("a clock that is set back takes nobody out of the line, which goes on in its order")
  func theLineWhenTheClockIsSetBack() throws {
    var (server, connection) = harness()
    let definition = limited()
    let first = server.dispatch(definition)
    let second = try line(up: definition, &server)
    server.submit(definition)
    let third = try #require(created(server).first)
    server.active.append(ActiveInstance(instance: third, definition: definition))
    server.wall = server.wall - .seconds(30)
    server.commit()
    #expect(server.core.status.queued == 2, "whose row came after the step, too")
    server.result(first, on: connection)
    server.commit()
    server.answerReads()
    #expect(server.questions.map { $0.map(\.instance) } == [[second]])
  }

  @Test func theNextComesWhenTheOneBeforeIsOver() throws {
    var (server, connection) = harness()
    let definition = limited()
    let first = server.dispatch(definition)
    let second = try line(up: definition, &server)
    let third = try line(up: definition, &server)
    #expect(server.core.status.queued == 2)
    #expect(server.core.waitingReason(second, of: definition.job, in: Shard(of: definition.job)) != nil)
    for (running, next) in [(first, second), (AttemptRef(instance: second, attempt: 1), third)] {
      server.result(running, on: connection)
      #expect(server.reads.isEmpty)
      server.commit()
      server.answerReads()
      #expect(server.questions.map { $0.map(\.instance) } == [[next]])
      server.place(.worker(ServerHarness.ref()))
      server.commit()
    }
    #expect(server.core.status.queued == 0)
    #expect(server.core.status.limitedJobs == 1)
    server.result(AttemptRef(instance: third, attempt: 1), on: connection)
    server.commit()
    #expect(server.core.status.limitedJobs == 0)
  }

  @Test func aFullLineRefusesASubmission() throws {
    var (server, _) = harness()
    let definition = limited()
    _ = server.dispatch(definition)
    for _ in 0..<2 { _ = try line(up: definition, &server) }
    let token = server.submit(definition)
    #expect(server.commits.isEmpty)
    guard case .refused(.overloaded(retryAfter: _), let text)? = server.reply(token) else {
      Issue.record("\(String(describing: server.reply(token)))")
      return
    }
    #expect(text.hasPrefix("2 instances of this job wait for their turn already"))
    #expect(server.core.status.fresh == 0)
  }

  @Test func othersAreNotHeldUp() throws {
    var (server, _) = harness()
    _ = server.dispatch(limited())
    _ = try line(up: limited(), &server)
    server.submit(version(2))
    #expect(server.questions.map(\.count) == [1])
  }

  @Test func discardIsARecord() throws {
    var (server, _) = harness()
    let definition = limited(1, .discard)
    _ = server.dispatch(definition)
    let token = server.submit(definition, key: "k")
    let record = try #require(created(server).first)
    #expect(record.state == .skipped)
    #expect(record.occurrence == .key("k"))
    #expect(Skip(result: record.result) == Skip(reason: .overlap, at: start))
    #expect(server.reply(token) == nil)
    server.commit()
    #expect(server.reply(token) == .submitted(record.id, duplicate: false))
    #expect(server.core.status.fresh == 0)
  }

  @Test func failIsRecordedAsFailed() throws {
    var (server, _) = harness()
    let definition = limited(1, .fail)
    _ = server.dispatch(definition)
    server.submit(definition)
    #expect(created(server).map(\.state) == [.waiting])
    server.commit()
    #expect(settlements(server).map(\.to) == [.failed])
    #expect(settlements(server).first?.detail == definition.spec.overlap?.failure)
    #expect(server.questions.isEmpty)
  }

  @Test func replaceStopsTheOldest() throws {
    var (server, connection) = harness()
    let definition = limited(2, .replace)
    let first = server.dispatch(definition)
    _ = server.dispatch(definition)
    let third = try line(up: definition, &server)
    guard case .requestStop(first.instance, 1)? = server.verbs.first, server.verbs.count == 1 else {
      Issue.record("\(server.verbs)")
      return
    }
    server.commit()
    #expect(server.messages.contains { if case .stop(first, _, _) = $0 { true } else { false } })
    #expect(server.questions.isEmpty)
    server.result(first, .stopped, on: connection)
    server.commit()
    server.answerReads()
    #expect(server.questions.map { $0.map(\.instance) } == [[third]])
  }

  @Test func replaceCancelsWhatHasNotBegun() throws {
    var (server, _) = harness()
    let definition = limited(1, .replace)
    _ = server.dispatch(definition)
    let second = try line(up: definition, &server)
    server.commit()
    let third = try line(up: definition, &server)
    server.answerReads()
    #expect(settlements(server).map(\.instance) == [second])
    #expect(settlements(server).first?.from == .queued)
    server.commit()
    #expect(server.core.status.queued == 1)
    #expect(server.core.waitingReason(third, of: definition.job, in: Shard(of: definition.job)) != nil)
  }

  @Test func aDueTimeThatIsSkippedMovesTheJob() throws {
    var server = ServerHarness()
    let discarding = job(1, .fixedRate(.seconds(10)), nextFire: start) {
      $0.overlap = Overlap(limit: 1, policy: .discard)
    }
    server.jobs = [discarding]
    server.own()
    server.place(.nobody(reason: ""))
    server.commit()
    server.pass(.seconds(10))
    server.runTimers()
    let record = try #require(created(server).first)
    #expect(record.state == .skipped)
    #expect(record.occurrence == .due(start + .seconds(10)))
    server.commit()
    server.pass(.seconds(10))
    server.runTimers()
    #expect(created(server).map(\.occurrence) == [.due(start + .seconds(20))])
  }

  @Test func aSkippedLinkOfAFixedDelayGoesOn() throws {
    var server = ServerHarness()
    let delayed = job(1, .fixedDelay(.seconds(4)), nextFire: start + .seconds(1)) {
      $0.overlap = Overlap(limit: 1, policy: .discard)
    }
    server.jobs = [delayed]
    server.own()
    server.join()
    _ = server.dispatch(JobVersion(delayed))
    server.pass(.seconds(1))
    server.runTimers()
    guard case .createInstance(let record, let due?)? = server.verbs.first else {
      Issue.record("\(server.verbs)")
      return
    }
    #expect(record.state == .skipped)
    #expect(due.chain == record.id)
    #expect(due.nextFire == start + .seconds(5))
    server.commit()
    server.pass(.seconds(4))
    server.runTimers()
    #expect(created(server).map(\.occurrence) == [.after(record.id)])
  }

  @Test func aRetryGivesItsTurnAway() throws {
    var (server, connection) = harness()
    var job = job(1) {
      $0.overlap = Overlap(limit: 1)
      $0.retry = RetryPolicy(limit: 1, backoff: .seconds(1), jitter: 0)
    }
    job.version = 1
    let definition = JobVersion(job)
    let first = server.dispatch(definition)
    let second = try line(up: definition, &server)
    server.result(first, .failed, on: connection)
    server.commit()
    server.answerReads()
    #expect(server.questions.map { $0.map(\.instance) } == [[second]])
    server.place(.worker(ServerHarness.ref()))
    server.commit()
    // Its time has come, but not its turn.
    server.pass(.seconds(1))
    server.runTimers()
    #expect(server.questions.isEmpty)
    #expect(server.core.status.queued == 1)
  }

  @Test func aRestartCountsWhatIsPlacedAndWhatWaits() throws {
    let old = limited(5)
    var current = job(1) { $0.overlap = Overlap(limit: 1) }
    current.version = 2
    var server = ServerHarness()
    server.jobs = [current]
    let running = AttemptRef(instance: InstanceID(rawValue: 600), attempt: 1)
    let home = Shard(of: current.id)
    server.active = [placed(running, old, on: ServerHarness.ref(), connection: server, shard: home)]
    for number in [701, 702] as [UInt64] {
      server.active.append(
        ActiveInstance(
          instance: Instance(
            id: InstanceID(rawValue: number), job: current.id, jobVersion: 1, app: "a", shard: home,
            occurrence: .key("\(number)"), state: .queued, readyAt: start, dueAt: start, createdAt: start),
          definition: old))
    }
    server.workers = [record(ServerHarness.ref(), session: 1)]
    server.own()
    #expect(server.questions.isEmpty)
    #expect(server.core.status.queued == 2)
    // A newer limit came into force while they waited.
    server.jobs[0].version = 3
    server.jobs[0].spec.overlap?.limit = 2
    var spec = server.jobs[0].spec
    spec.overlap?.limit = 3
    _ = server.request(.putJob(app: "a", spec: spec, existing: server.jobs[0]))
    server.answerReads()
    server.commitAll()
    server.answerReads()
    #expect(server.questions.map { $0.map(\.instance.rawValue) } == [[701]])
    server.place(.worker(ServerHarness.ref()))
    #expect(server.questions.map { $0.map(\.instance.rawValue) } == [[702]])
    #expect(server.core.status.queued == 0)
  }

  /// Somebody else ended the one that is next in line, at which a fixed delay stands.
  @Test func theEndOfOneInLineMovesItsChain() throws {
    let next = InstanceID(rawValue: 701)
    var fixed = job(1, .fixedDelay(.seconds(4))) { $0.overlap = Overlap(limit: 1) }
    fixed.chain = next
    var server = ServerHarness()
    server.jobs = [fixed]
    let running = AttemptRef(instance: InstanceID(rawValue: 600), attempt: 1)
    let home = Shard(of: fixed.id)
    server.active = [
      placed(running, JobVersion(fixed), on: ServerHarness.ref(), connection: server, shard: home),
      ActiveInstance(
        instance: Instance(
          id: next, job: fixed.id, jobVersion: 1, app: "a", shard: home, occurrence: .key("701"), state: .queued,
          readyAt: start, dueAt: start, createdAt: start),
        definition: JobVersion(fixed)),
    ]
    server.workers = [record(ServerHarness.ref(), session: 1)]
    server.own()
    let connection = server.hello(
      inventory: [InventoryItem(attempt: running, slots: 1, finished: true, startedAt: nil)])
    server.commit()
    server.active.removeLast()
    server.result(running, on: connection)
    server.commit()
    server.answerReads()
    guard case .setJobState(let change)? = server.verbs.first else {
      Issue.record("\(server.verbs)")
      return
    }
    #expect(change.nextFire == server.wall + .seconds(4))
  }

  /// They are of a version that allowed more, and the job is not in memory.
  @Test func whatWaitsAtARestartGoesByTheNewestLimit() {
    var current = job(1) { $0.overlap = Overlap(limit: 1) }
    current.version = 2
    var server = ServerHarness()
    server.jobs = [current]
    for number in [701, 702] as [UInt64] {
      server.active.append(
        ActiveInstance(
          instance: Instance(
            id: InstanceID(rawValue: number), job: current.id, jobVersion: 1, app: "a", shard: Shard(of: current.id),
            occurrence: .key("\(number)"), readyAt: start, dueAt: start, createdAt: start),
          definition: limited(5)))
    }
    server.own()
    #expect(server.questions.map { $0.map(\.instance.rawValue) } == [[701]])
    #expect(server.core.status.queued == 1)
  }

  /// Two wait for a worker when their job gets its limit of one: the older has its turn, whether a lane is being asked
  /// for it just then or not.
  @Test(arguments: [false, true])
  func aLimitThatComesLaterHoldsWhatIsAskedFor(isAskedFor: Bool) throws {
    var server = ServerHarness()
    let unlimited = job(1, .fixedRate(.seconds(10)), nextFire: start)
    server.jobs = [unlimited]
    server.own()
    server.place(.nobody(reason: ""))
    let first = try #require(created(server).first)
    server.commit()
    server.pass(.seconds(10))
    // The probe of those that found nobody.
    if isAskedFor { server.handle(.timer(.placement)) }
    #expect(server.questions.map { $0.map(\.instance) } == (isAskedFor ? [[first.id]] : []))
    server.handle(.timer(.shard(unlimited.shard)))
    let second = try #require(created(server).first)
    server.commit()
    server.active = [first, second].map { ActiveInstance(instance: $0, definition: JobVersion(unlimited)) }

    var stored = unlimited
    stored.nextFire = start + .seconds(20)
    var spec = unlimited.spec
    spec.overlap = Overlap(limit: 1)
    _ = server.request(.putJob(app: "a", spec: spec, existing: stored))
    server.commit()
    #expect(server.core.status.queued == 1)
    // One in line has left memory: its row is read when its turn comes.
    #expect(server.reads.map(\.request) == (isAskedFor ? [] : [.instance(first.id)]))
    server.answerReads()
    #expect(server.core.waitingReason(second.id, of: unlimited.id, in: unlimited.shard) != nil)

    let connection = server.join()
    server.handle(.viewChanged(app: nil))
    for (turn, next) in [(first, second), (second, nil)] {
      #expect(server.questions.map { $0.map(\.instance) } == [[turn.id]])
      #expect(server.core.status.queued == (next == nil ? 0 : 1))
      server.place(.worker(ServerHarness.ref()))
      server.commit()
      server.result(AttemptRef(instance: turn.id, attempt: 1), on: connection)
      server.commit()
      server.answerReads()
    }
    #expect(server.questions.isEmpty)
  }

  @Test func whatNobodyTakesMakesWayForTheEditedJob() throws {
    var (server, connection) = harness()
    let old = limited()
    let first = server.dispatch(old)
    let stuck = try line(up: old, &server)
    let edited = limited(number: 2)
    let repaired = try line(up: edited, &server)
    server.result(first, on: connection)
    server.commit()
    server.answerReads()
    #expect(server.questions.map { $0.map(\.instance) } == [[stuck]])
    server.place(.nobody(reason: "no worker bears the tag"))
    server.answerReads()
    server.handle(.viewChanged(app: nil))
    #expect(server.questions.map { $0.map(\.instance) } == [[repaired]])
    #expect(server.core.status.queued == 1)
  }

  @Test func cancellingInLineMakesRoom() throws {
    var (server, connection) = harness()
    let definition = limited()
    let first = server.dispatch(definition)
    let second = try line(up: definition, &server)
    let third = try line(up: definition, &server)
    let row = try #require(server.active.first { $0.instance.id == second })
    _ = server.request(.end(row.instance))
    server.answerReads()
    #expect(settlements(server).map(\.detail) == ["cancelled"])
    server.commit()
    #expect(server.core.status.queued == 1)
    server.result(first, on: connection)
    server.commit()
    server.answerReads()
    #expect(server.questions.map { $0.map(\.instance) } == [[third]])
  }
}
