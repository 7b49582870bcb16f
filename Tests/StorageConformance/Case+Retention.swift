import SwitchyardModel
import SwitchyardStorage
import Testing

extension ConformanceCase {
  static let retention = [
    ConformanceCase("what is over long enough is forgotten with its attempts, and nothing else") { scene in
      let store = scene.store
      try await scene.expect(.applied, .createJob(scene.job()))
      for number in [2, 3, 4, 9] as [UInt64] { try await scene.expect(.applied, scene.create(scene.instance(number))) }
      // 2 ends at 12 s, after an attempt that was followed; 3 waits; 4 ends at 13 s; 9 has the highest identity.
      try await scene.expect(.applied, scene.dispatch(2))
      try await scene.expect(.applied, scene.finish(2, .wait(readyAt: Timestamp(seconds: 1), tries: 1)))
      try await scene.expect(.applied, scene.dispatch(2, attempt: 1))
      try await scene.expect(.applied, scene.finish(2, attempt: 2))
      for number in [4, 9] as [UInt64] {
        try await scene.expect(.applied, scene.settle(number, from: .waiting, to: .cancelled))
      }
      let all = (2...9 as ClosedRange<UInt64>).map(InstanceID.init(rawValue:))
      func ended(_ seconds: Int64, after: UInt64? = nil, below: UInt64 = 99, limit: Int = 9) async throws -> [UInt64] {
        try await store.ended(
          before: Timestamp(seconds: seconds), after: after.map(InstanceID.init(rawValue:)),
          below: InstanceID(rawValue: below), limit: limit
        ).map(\.id.rawValue)
      }
      #expect(try await ended(12) == [])
      #expect(try await ended(13) == [2])
      #expect(try await ended(99) == [2, 4, 9])
      #expect(try await ended(99, after: 2, limit: 1) == [4])
      #expect(try await ended(99, below: 4) == [2])
      let first = try await store.ended(
        before: .distantFuture, after: nil, below: InstanceID(rawValue: 3), limit: 1)
      #expect(first == [EndedInstance(id: InstanceID(rawValue: 2), job: JobID(rawValue: 1), attempts: 2)])

      try await scene.expect(.conflict, .purgeInstances(all, endedBefore: Timestamp(seconds: 12)))
      try await scene.expect(.applied, .purgeInstances(all, endedBefore: Timestamp(seconds: 13)))
      #expect(try await store.instance(all[0]) == nil)
      #expect(try await store.attempts(of: all[0]) == [])
      #expect(try await store.instances(InstanceFilter(), before: nil, limit: 9).map(\.id.rawValue) == [9, 4, 3])
      try await scene.expect(.applied, .purgeInstances(all, endedBefore: .distantFuture))
      #expect(try await store.instances(InstanceFilter(), before: nil, limit: 9).map(\.id.rawValue) == [9, 3])
      #expect(try await store.claim([], for: scene.server).idFloor == 9)
      try await scene.expect(
        .conflict, .purgeInstances(all, endedBefore: .distantFuture), .purgeInstances([], endedBefore: .distantFuture))
      // Its occurrence is free again.
      try await scene.expect(.applied, scene.create(scene.instance(2)))
    },
    ConformanceCase("of a job the newest instances are kept") { scene in
      try await scene.expect(.applied, .createJob(scene.job()), .createJob(scene.job(2, name: "other")))
      for number in 3...8 as ClosedRange<UInt64> {
        try await scene.expect(.applied, scene.create(scene.instance(number)))
        if number != 4 { try await scene.expect(.applied, scene.settle(number, from: .waiting, to: .cancelled)) }
      }
      func ended(_ job: UInt64, beyond count: Int, limit: Int = 9) async throws -> [UInt64] {
        try await scene.store.ended(of: JobID(rawValue: job), beyond: count, limit: limit).map(\.id.rawValue)
      }
      #expect(try await ended(1, beyond: 2) == [6, 5, 3])
      #expect(try await ended(1, beyond: 2, limit: 2) == [6, 5])
      #expect(try await ended(1, beyond: 4) == [3])
      #expect(try await ended(1, beyond: 6) == [])
      #expect(try await ended(2, beyond: 1) == [])
    },
    ConformanceCase("versions that nobody keeps are forgotten, and deleted jobs with their last instance") { scene in
      let store = scene.store
      func version(_ number: UInt32) async throws -> Bool {
        try await store.definition(job: JobID(rawValue: 1), version: number) != nil
      }
      func purge(_ seconds: Int64 = 99) -> StoreOp.Verb {
        .purgeJob(JobID(rawValue: 1), unchangedSince: Timestamp(seconds: seconds))
      }
      try await scene.expect(.conflict, purge())
      try await scene.expect(.applied, .createJob(scene.job()))
      try await scene.expect(.conflict, purge())
      try await scene.expect(.applied, scene.create(scene.instance(2)))
      for number in 2...3 as ClosedRange<UInt32> {
        try await scene.expect(.applied, .editJob(scene.job(version: number)))
      }
      try await scene.expect(.conflict, purge(3))
      try await scene.expect(.applied, purge(4))
      #expect(try await [version(1), version(2), version(3)] == [true, false, true])
      try await scene.expect(.conflict, scene.create(scene.instance(5, version: 2)), purge())

      try await scene.expect(.applied, scene.create(scene.instance(9, version: 3)))
      try await scene.expect(.applied, scene.state(.deleted, version: 3))
      #expect(try await store.deletedJobs(before: Timestamp(seconds: 9), after: nil, limit: 9) == [])
      #expect(try await store.deletedJobs(before: .distantFuture, after: nil, limit: 9) == [JobID(rawValue: 1)])
      #expect(try await store.deletedJobs(before: .distantFuture, after: JobID(rawValue: 1), limit: 9) == [])
      for number in [2, 9] as [UInt64] {
        try await scene.expect(.applied, scene.settle(number, from: .waiting, to: .cancelled))
      }
      let both = [InstanceID(rawValue: 2), InstanceID(rawValue: 9)]
      try await scene.expect(.applied, .purgeInstances(both, endedBefore: .distantFuture), purge())
      #expect(try await [version(1), version(3)] == [false, true], "9 keeps its version")
      #expect(try await scene.store.read(.job(JobID(rawValue: 1))) != .jobs([]))

      // With a higher identity than 9 the last of it may go.
      try await scene.expect(.applied, .createJob(scene.job(20, name: "next")))
      try await scene.expect(.applied, .purgeInstances(both, endedBefore: .distantFuture), purge())
      #expect(try await scene.store.read(.job(JobID(rawValue: 1))) == .jobs([]))
      #expect(try await version(3) == false)
      try await scene.expect(.conflict, purge())
    },
    ConformanceCase("a worker that was judged is forgotten") { scene in
      let ref = WorkerRef(name: "w", incarnation: 3)
      func purge(_ seconds: Int64) -> StoreOp.Verb {
        .purgeWorker(name: "w", judgedBefore: Timestamp(seconds: seconds))
      }
      try await scene.expect(.conflict, purge(99))
      try await scene.expect(
        .applied,
        .putWorker(
          WorkerRecord(
            ref: ref, session: 1, lineage: 1, home: "server", profile: WorkerProfile(apps: [], slots: 1),
            seenAt: Timestamp(seconds: 1))))
      try await scene.expect(.conflict, purge(99))
      try await scene.expect(.applied, .judgeWorker(ref, session: 1, verdict: .lost, at: Timestamp(seconds: 30)))
      try await scene.expect(.conflict, purge(30))
      try await scene.expect(.applied, purge(31))
      #expect(try await scene.store.workers(after: nil, limit: 9) == [])
    },
  ]
}
