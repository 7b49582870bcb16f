import SwitchyardModel
import SwitchyardStorage
import Testing

extension ConformanceCase {
  static let jobs = [
    ConformanceCase("a job is created once under its name") { scene in
      let job = scene.job(nextFire: 5, chain: 8)
      try await scene.expect(.applied, .createJob(job))
      try await scene.expect(.duplicate(1), .createJob(job), .createJob(scene.job(2)))
      try await scene.expect(.conflict, .createJob(scene.job(1, name: "other")))
      try await scene.expect(.applied, .createJob(scene.job(2, app: "other")), .createJob(scene.job(3, name: "b")))
      #expect(try await scene.storedJob() == job)
      #expect(try await scene.store.job(app: "app", name: "job") == job)
      #expect(try await scene.store.job(app: "app", name: "none") == nil)
      let definition = try await scene.store.definition(job: job.id, version: 1)
      #expect(definition?.spec == job.spec && definition?.app == "app")
      #expect(try await scene.store.definition(job: job.id, version: 2) == nil)
    },
    ConformanceCase("a job begins at version 1, alive, with an identity of 63 bits") { scene in
      try await scene.expect(
        .conflict, .createJob(scene.job(version: 0)), .createJob(scene.job(version: 2)),
        .createJob(scene.job(state: .deleted)), .createJob(scene.job(1 << 63)))
      try await scene.expect(.applied, .createJob(scene.job(1 << 63 - 1)))
    },
    ConformanceCase("an edit makes the next version and keeps the others") { scene in
      try await scene.expect(.applied, .createJob(scene.job(nextFire: 5)))
      try await scene.expect(
        .conflict, .editJob(scene.job(version: 1)), .editJob(scene.job(version: 3)),
        .editJob(scene.job(name: "b", version: 2)), .editJob(scene.job(app: "b", version: 2)),
        .editJob(scene.job(version: 2, state: .deleted)), .editJob(scene.job(8, version: 2)))
      var next = scene.job(version: 2, state: .paused, nextFire: 6, chain: 9)
      next.createdAt = Timestamp(seconds: 77)
      try await scene.expect(.applied, .editJob(next))
      next.createdAt = Timestamp(seconds: 2)
      #expect(try await scene.storedJob() == next)
      #expect(try await scene.store.definition(job: next.id, version: 1)?.spec == scene.job().spec)
      #expect(try await scene.store.definition(job: next.id, version: 2)?.spec == next.spec)
    },
    ConformanceCase("pause, resume, delete follow the version and the tombstone stays") { scene in
      try await scene.expect(.applied, .createJob(scene.job(nextFire: 5, chain: 4)))
      try await scene.expect(.conflict, scene.state(.paused, version: 2), scene.state(.paused, of: 8))
      try await scene.expect(.applied, scene.state(.paused, nextFire: 6))
      var job = try await scene.storedJob()
      #expect(job.state == .paused && job.nextFire == Timestamp(seconds: 6) && job.version == 1)
      #expect(job.updatedAt == Timestamp(seconds: 9) && job.chain == InstanceID(rawValue: 4))
      #expect(try await scene.jobs(.dueJobs(scene.home, until: .distantFuture, after: nil, limit: 9)) == [])
      try await scene.expect(.applied, scene.state(.enabled, nextFire: 7), scene.state(.enabled, nextFire: 8))
      #expect(try await scene.jobs(.dueJobs(scene.home, until: .distantFuture, after: nil, limit: 9)) == [1])
      try await scene.expect(.applied, scene.state(.deleted, nextFire: 9))
      try await scene.expect(.duplicate(nil), scene.state(.deleted))
      try await scene.expect(.conflict, scene.state(.enabled), .editJob(scene.job(version: 2)))
      job = try await scene.storedJob()
      #expect(job.state == .deleted && job.nextFire == nil)
      #expect(try await scene.store.job(app: "app", name: "job") == nil)
      #expect(try await scene.store.jobs(app: nil, after: nil, limit: 9) == [])
      try await scene.expect(.conflict, .createJob(scene.job()))
      try await scene.expect(.applied, .createJob(scene.job(2)))
      #expect(try await scene.store.job(app: "app", name: "job")?.id.rawValue == 2)
    },
  ]

  static let firing = [
    ConformanceCase("a due time fires once and moves the job on") { scene in
      try await scene.expect(.applied, .createJob(scene.job(nextFire: 5)))
      let first = scene.instance(2, occurrence: .due(Timestamp(seconds: 5)))
      try await scene.expect(.applied, scene.create(first, scene.due(5, next: 6, chain: 2)))
      var job = try await scene.storedJob()
      #expect(job.nextFire == Timestamp(seconds: 6) && job.chain == InstanceID(rawValue: 2))
      try await scene.expect(.duplicate(2), scene.create(first, scene.due(5, next: 6)))
      let other = scene.instance(3, occurrence: .due(Timestamp(seconds: 6)))
      try await scene.expect(
        .conflict, scene.create(other, scene.due(5, next: 7)), scene.create(other, scene.due(6, next: 7, version: 2)))
      _ = try await scene.apply(scene.state(.paused, nextFire: 6))
      try await scene.expect(.conflict, scene.create(other, scene.due(6, next: 7)))
      #expect(try await scene.store.instance(other.id) == nil)
      _ = try await scene.apply(scene.state(.enabled, nextFire: 6))
      var skipped = other
      skipped.state = .skipped
      skipped.endedAt = Timestamp(seconds: 6)
      skipped.detail = "misfire"
      try await scene.expect(.applied, scene.create(skipped, scene.due(6, next: nil)))
      #expect(try await scene.stored(3) == skipped)
      job = try await scene.storedJob()
      #expect(job.nextFire == nil && job.chain == nil)
    },
    ConformanceCase("a due time that fired before moves the job on and is not fired again") { scene in
      try await scene.expect(.applied, .createJob(scene.job(nextFire: 5)))
      let first = scene.instance(2, occurrence: .due(Timestamp(seconds: 5)))
      try await scene.expect(.applied, scene.create(first, scene.due(5, next: 6)), scene.state(.enabled, nextFire: 5))
      var again = first
      again.id = InstanceID(rawValue: 3)
      try await scene.expect(.duplicate(2), scene.create(again, scene.due(5, next: 8, chain: 3)))
      let job = try await scene.storedJob()
      #expect(job.nextFire == Timestamp(seconds: 8) && job.chain == InstanceID(rawValue: 2))
      try await scene.expect(.duplicate(2), scene.create(again, scene.due(5, next: 9, chain: 3)))
      #expect(try await scene.storedJob() == job)
    },
    ConformanceCase("a taken identity stops a firing without moving the job") { scene in
      _ = try await scene.apply(.createJob(scene.job(nextFire: 5)), scene.create(scene.instance(2)))
      let clash = scene.instance(2, occurrence: .due(Timestamp(seconds: 5)))
      try await scene.expect(.conflict, scene.create(clash, scene.due(5, next: 6)))
      #expect(try await scene.storedJob().nextFire == Timestamp(seconds: 5))
    },
    ConformanceCase("an ending moves a fixed-delay chain that stands at it") { scene in
      for (number, ends) in [
        (2, [scene.dispatch(2), scene.finish(2, chain: scene.chain(2, next: 20))]),
        (3, [scene.settle(3, from: .waiting, to: .cancelled, chain: scene.chain(3, next: 20))]),
        (4, [scene.dispatch(4), scene.finish(4, .hold, chain: scene.chain(4, next: 20))]),
      ] as [(UInt64, [StoreOp.Verb])] {
        let next = scene.job(version: UInt32(number) - 1, chain: number)
        let job = number == 2 ? StoreOp.Verb.createJob(next) : .editJob(next)
        try await scene.expect(.applied, job, scene.create(scene.instance(number)))
        for end in ends { try await scene.expect(.applied, end) }
        let stored = try await scene.storedJob()
        #expect(stored.nextFire == Timestamp(seconds: 20) && stored.chain == InstanceID(rawValue: number))
      }
    },
    ConformanceCase("a chain that moved on, a paused or unknown job, another shard stay as they are") { scene in
      let foreign = scene.job(2, name: "b", chain: 3)
      try #require(foreign.shard != scene.home)
      _ = try await scene.apply(
        .createJob(scene.job(chain: 9)), .createJob(foreign), scene.create(scene.instance(3)),
        scene.create(scene.instance(4)), scene.create(scene.instance(5)), scene.create(scene.instance(6)),
        scene.dispatch(3))
      try await scene.expect(
        .applied, scene.finish(3, chain: scene.chain(3, next: 20)),
        scene.settle(4, from: .waiting, to: .cancelled, chain: scene.chain(3, next: 20, job: 2)),
        scene.settle(5, from: .waiting, to: .cancelled, chain: scene.chain(3, next: 20, job: 77)),
        scene.state(.paused), scene.settle(6, from: .waiting, to: .cancelled, chain: scene.chain(9, next: 20)))
      #expect(try await scene.storedJob().nextFire == nil)
      #expect(try await scene.storedJob(2) == foreign)
    },
  ]
}
