import SwitchyardModel
import SwitchyardStorage
import Testing

extension ConformanceCase {
  static let groups = [
    ConformanceCase("an empty group is done") { scene in
      #expect(await scene.commit([]) == .done([]))
    },
    ConformanceCase("operations of a group see those before them") { scene in
      let results = try await scene.apply(
        .createJob(scene.job()), scene.create(scene.instance(2)), scene.dispatch(2), scene.stop(2), scene.finish(2))
      #expect(results == Array(repeating: .applied, count: 5))
      #expect(try await scene.stored(2).state == .succeeded)
    },
    ConformanceCase("a conflict in a group leaves the others alone") { scene in
      let results = try await scene.apply(
        .createJob(scene.job()), scene.dispatch(99), scene.create(scene.instance(2)), scene.finish(2),
        scene.create(scene.instance(3)))
      #expect(results == [.applied, .conflict, .applied, .conflict, .applied])
    },
    ConformanceCase("creation and dispatch side by side answer like apart") { scene in
      try await scene.expect(.applied, .createJob(scene.job()))
      var chatty = scene.instance(2)
      chatty.detail = "new"
      let first = try await scene.apply(scene.create(chatty), scene.dispatch(2))
      #expect(first == [.applied, .applied])
      let instance = try await scene.stored(2)
      #expect(instance.state == .dispatched && instance.attempt == 1 && instance.worker == scene.worker)
      #expect(instance.dispatchedAt == Timestamp(seconds: 10) && instance.detail == nil)
      let again = try await scene.apply(scene.create(chatty), scene.dispatch(2))
      #expect(again == [.duplicate(2), .conflict])
      let skipped = try await scene.apply(scene.create(scene.instance(3, state: .skipped)), scene.dispatch(3))
      #expect(skipped == [.applied, .conflict])
      let other = try await scene.apply(scene.create(scene.instance(4)), scene.dispatch(4, attempt: 1))
      #expect(other == [.applied, .conflict])
      let refused = try await scene.apply(scene.create(scene.instance(5, app: "other")), scene.dispatch(5))
      #expect(refused == [.conflict, .conflict])
    },
  ]

  static let servers = [
    ConformanceCase("a server that never claimed is expelled") { scene in
      let stranger = CommitGroup(
        server: ServerRef(id: "stranger", incarnation: 1), ops: [StoreOp(.server, .createJob(scene.job()))])
      #expect(await scene.store.commit(stranger) == .expelled)
    },
    ConformanceCase("a later start supersedes an earlier one, and not the other way round") { scene in
      let later = ServerRef(id: "server", incarnation: 8)
      _ = try await scene.store.claim([], for: later)
      #expect(await scene.commit([StoreOp(scene.owner(scene.home), .createJob(scene.job()))]) == .expelled)
      let error = await #expect(throws: StoreError.self) { try await scene.store.claim([], for: scene.server) }
      #expect(error?.code == .inUse)
    },
    ConformanceCase("a claim raises the epochs of its shards alone, also for the same start") { scene in
      #expect(scene.epochs.allSatisfy { $0 == 1 })
      let claim = try await scene.store.claim([scene.home], for: scene.server)
      #expect(claim.shards == [ShardClaim(shard: scene.home, epoch: 2)])
      try await scene.expect(.fenced, .createJob(scene.job()))
      let current = StoreOp(.shard(scene.home, 2), .createJob(scene.job()))
      #expect(await scene.commit([current]) == .done([.applied]))
      let other = scene.job(2, name: "b")
      try #require(other.shard != scene.home)
      try await scene.expect(.applied, .createJob(other))
    },
    ConformanceCase("an epoch that was never claimed is fenced") { scene in
      let op = StoreOp(.shard(scene.home, 9), .createJob(scene.job()))
      #expect(await scene.commit([op]) == .done([.fenced]))
    },
    ConformanceCase("every verb on a shard's rows is fenced under an old epoch, a foreign shard, no shard") { scene in
      _ = try await scene.apply(
        .createJob(scene.job(nextFire: 5)), scene.create(scene.instance(2)), scene.create(scene.instance(3)),
        scene.dispatch(3))
      let elsewhere = Shard(scene.home.number &+ 1)
      let verbs: [StoreOp.Verb] = [
        .createJob(scene.job()), .editJob(scene.job(version: 2)), scene.state(.paused),
        scene.create(scene.instance(4)), scene.create(scene.instance(4), scene.due(5, next: 6)), scene.dispatch(2),
        scene.finish(3), scene.finish(3, .hold), scene.finish(3, .wait(readyAt: Timestamp(seconds: 1), tries: 1)),
        scene.settle(2, from: .waiting, to: .cancelled), scene.stop(3),
      ]
      for authority in [.shard(scene.home, 0), .shard(scene.home, 2), scene.owner(elsewhere), .server] {
        for verb in verbs {
          #expect(await scene.commit([StoreOp(authority, verb)]) == .done([.fenced]), "\(authority) \(verb)")
        }
      }
      #expect(try await scene.stored(2).state == .waiting)
      #expect(try await scene.stored(3).state == .dispatched)
    },
    ConformanceCase("workers and policies need no shard, but no old epoch either") { scene in
      let put = StoreOp.Verb.putPolicy(
        PolicyRevision(
          app: "a", revision: 1, policy: Policy(balancer: Policy.Strategy(plugin: "p")),
          createdAt: Timestamp(seconds: 1)))
      #expect(await scene.commit([StoreOp(.shard(scene.home, 0), put)]) == .done([.fenced]))
      #expect(await scene.commit([StoreOp(scene.owner(scene.home), put)]) == .done([.applied]))
    },
    ConformanceCase("a claim tells the highest identity") { scene in
      #expect(try await scene.store.claim([], for: scene.server).idFloor == 0)
      try await scene.expect(.applied, .createJob(scene.job()))
      #expect(try await scene.store.claim([], for: scene.server).idFloor == 1)
      try await scene.expect(.applied, scene.create(scene.instance(500)))
      #expect(try await scene.store.claim([], for: scene.server).idFloor == 500)
    },
  ]
}
