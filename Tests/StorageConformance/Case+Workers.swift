import SwitchyardModel
import SwitchyardStorage
import Testing

extension ConformanceCase {
  static let workers = [
    ConformanceCase("a session of a worker follows the ones before it") { scene in
      let first = record("w", 3, session: 5)
      try await scene.expect(.applied, .putWorker(first))
      #expect(try await scene.store.workers(after: nil, limit: 9) == [first])
      try await scene.expect(
        .conflict, .putWorker(first), .putWorker(record("w", 3, session: 4)), .putWorker(record("w", 2, session: 6)),
        .putWorker(record("w", 4, session: 5)))
      try await scene.expect(.applied, .putWorker(record("w", 3, session: 6)), .putWorker(record("v", 1, session: 1)))
      try await scene.expect(.applied, .putWorker(record("w", 4, session: 7)))
      #expect(try await scene.store.workers(after: nil, limit: 9).map(\.ref.description) == ["v#1", "w#4"])
    },
    ConformanceCase("a verdict is for good, and another incarnation is another member") { scene in
      let ref = WorkerRef(name: "w", incarnation: 3)
      func judge(_ ref: WorkerRef, session: UInt64, _ verdict: Verdict = .lost) -> StoreOp.Verb {
        .judgeWorker(ref, session: session, verdict: verdict, at: Timestamp(seconds: 30))
      }
      try await scene.expect(.conflict, judge(ref, session: 9))
      try await scene.expect(.applied, .putWorker(record("w", 3, session: 5)))
      try await scene.expect(
        .conflict, judge(ref, session: 4), judge(WorkerRef(name: "w", incarnation: 4), session: 9),
        judge(WorkerRef(name: "v", incarnation: 3), session: 9))
      try await scene.expect(.duplicate(nil), judge(WorkerRef(name: "w", incarnation: 2), session: 1))
      try await scene.expect(.applied, judge(ref, session: 5))
      try await scene.expect(.duplicate(nil), judge(ref, session: 5, .left), judge(ref, session: 4))
      var judged = record("w", 3, session: 5)
      judged.verdict = .lost
      judged.seenAt = Timestamp(seconds: 30)
      #expect(try await scene.store.read(.worker(name: "w")) == .workers([judged]))
      #expect(try await scene.store.read(.worker(name: "x")) == .workers([]))
      #expect(try await scene.workers(.workers(after: nil, limit: 9)) == [])
      #expect(try await scene.store.workers(after: nil, limit: 9) == [judged])
      try await scene.expect(.conflict, .putWorker(record("w", 3, session: 6)))
      var reborn = record("w", 4, session: 6)
      reborn.verdict = .left
      try await scene.expect(.applied, .putWorker(reborn))
      reborn.verdict = nil
      #expect(try await scene.store.read(.workers(after: nil, limit: 9)) == .workers([reborn]))
      try await scene.expect(.applied, judge(reborn.ref, session: 60, .left))
      #expect(try await scene.store.workers(after: nil, limit: 9).map(\.verdict) == [.left])
    },
    ConformanceCase("large incarnations, sessions and lineages keep their order") { scene in
      try await scene.expect(
        .applied, .putWorker(record("w", 1 << 63 - 1, session: 1 << 63 - 1)),
        .putWorker(record("w", 1 << 63, session: 1 << 63)), .putWorker(record("w", .max, session: .max)))
      try await scene.expect(.conflict, .putWorker(record("w", 1, session: .max)))
      #expect(try await scene.store.workers(after: nil, limit: 9) == [record("w", .max, session: .max)])
    },
    ConformanceCase("workers are paged by name") { scene in
      for name in ["b", "d", "a", "c"] { try await scene.expect(.applied, .putWorker(record(name, 1, session: 1))) }
      let lost = WorkerRef(name: "c", incarnation: 1)
      try await scene.expect(.applied, .judgeWorker(lost, session: 1, verdict: .lost, at: Timestamp(seconds: 1)))
      #expect(try await scene.workers(.workers(after: nil, limit: 2)) == ["a", "b"])
      #expect(try await scene.workers(.workers(after: "b", limit: 2)) == ["d"])
      #expect(try await scene.workers(.workers(after: "d", limit: 2)) == [])
      #expect(try await scene.store.workers(after: "b", limit: 1).map(\.ref.name) == ["c"])
      #expect(try await scene.store.workers(after: nil, limit: 0) == [])
      #expect(try await scene.store.workers(after: nil, limit: -1) == [])
    },
    ConformanceCase("a policy grows revision by revision") { scene in
      func revision(_ app: String, _ number: UInt64) -> PolicyRevision {
        PolicyRevision(
          app: app, revision: number,
          policy: Policy(
            filters: [Policy.Strategy(plugin: "f", configuration: "{\"a\":[1,\"\\u0000\"]}")],
            scorers: [Policy.Strategy(plugin: "s\(number)"), Policy.Strategy(plugin: "t")],
            balancer: Policy.Strategy(plugin: "b")),
          createdAt: Timestamp(seconds: Int64(number)))
      }
      try await scene.expect(.conflict, .putPolicy(revision("a", 0)), .putPolicy(revision("a", 2)))
      try await scene.expect(.applied, .putPolicy(revision("a", 1)), .putPolicy(revision("a", 2)))
      try await scene.expect(.conflict, .putPolicy(revision("a", 2)), .putPolicy(revision("a", 4)))
      try await scene.expect(.applied, .putPolicy(revision("Z", 1)))
      #expect(try await scene.store.policies() == [revision("Z", 1), revision("a", 2)])
      #expect(try await scene.store.policy(app: "a", revision: nil) == revision("a", 2))
      #expect(try await scene.store.policy(app: "a", revision: 1) == revision("a", 1))
      #expect(try await scene.store.policy(app: "a", revision: 3) == nil)
      #expect(try await scene.store.policy(app: "b", revision: nil) == nil)
    },
  ]

  private static func record(_ name: String, _ incarnation: UInt64, session: UInt64) -> WorkerRecord {
    WorkerRecord(
      ref: WorkerRef(name: name, incarnation: incarnation), session: session, lineage: .max - 5, home: "server",
      profile: WorkerProfile(
        apps: ["a", "b"], slots: 4, tags: ["gpu"], labels: [Label(key: "rack", text: "r \"1\"")],
        processors: ["shell"], weight: 1.5, site: "east", rack: nil, version: "1.0"),
      seenAt: Timestamp(seconds: 6))
  }
}
