import StorageConformance
import SwitchyardModel
import SwitchyardStorage
import Testing

@Suite struct ModelStoreTests {
  @Test(arguments: ConformanceCase.all)
  func conforms(_ rule: ConformanceCase) async throws { try await rule.check(ModelStore()) }

  @Test func aClosedStoreRefuses() async throws {
    let store = ModelStore()
    let server = ServerRef(id: "s", incarnation: 1)
    _ = try await store.claim(Shard.all, for: server)
    await store.close()
    await #expect(throws: StoreError.closed) { try await store.activeCounts() }
    let outcome = await store.commit(CommitGroup(server: server, ops: []))
    #expect(outcome == .aborted(StoreError.closed.message))
  }

  @Test("without the guard of the attempt a stale result is taken")
  func attemptGuardCanBeTakenAway() throws {
    try checkStaleFinish(without: .attempt) { finish, _ in finish.attempt += 1 }
  }

  @Test("without the guard of the epoch a stale owner may write")
  func epochGuardCanBeTakenAway() throws {
    try checkStaleFinish(without: .epoch) { _, epoch in epoch -= 1 }
  }

  private func checkStaleFinish(
    without guardSet: ModelState.Guards, spoil: (inout Finish, inout Epoch) -> Void
  ) throws {
    var state = ModelState()
    let server = ServerRef(id: "s", incarnation: 1)
    var epoch = try state.claim(Shard.all, for: server).shards[0].epoch
    let time = Timestamp(seconds: 1)
    let worker = WorkerRef(name: "w", incarnation: 1)
    let job = Job(
      id: JobID(rawValue: 1), app: "a", spec: JobSpec(name: "j", processor: .noop(duration: .zero)), anchor: time,
      createdAt: time, updatedAt: time)
    let id = InstanceID(rawValue: 2)
    let instance = Instance(
      id: id, job: job.id, jobVersion: 1, app: "a", shard: job.shard, occurrence: .submitted(id), readyAt: time,
      dueAt: time, createdAt: time)
    func apply(_ verb: StoreOp.Verb) -> CommitOutcome {
      state.apply(CommitGroup(server: server, ops: [StoreOp(.shard(job.shard, epoch), verb)]))
    }
    #expect(apply(.createJob(job)) == .done([.applied]))
    #expect(apply(.createInstance(instance, nil)) == .done([.applied]))
    #expect(
      apply(.dispatch(Dispatch(instance: id, expectedAttempt: 0, worker: worker, at: time))) == .done([.applied]))
    var finish = Finish(
      instance: id, attempt: 1, worker: worker, outcome: .succeeded, next: .end(.succeeded), startedAt: time,
      endedAt: time)
    spoil(&finish, &epoch)
    #expect(apply(.finish(finish)) != .done([.applied]))
    state.guards.remove(guardSet)
    #expect(apply(.finish(finish)) == .done([.applied]))
  }
}
