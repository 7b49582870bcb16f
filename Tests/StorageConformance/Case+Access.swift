import SwitchyardModel
import SwitchyardStorage
import Testing

extension ConformanceCase {
  static let access = [
    ConformanceCase("a token is kept as given, under a name and a hash that nobody else has") { scene in
      var first = token(1, "ci", hash: "a")
      first.expiresAt = Timestamp(seconds: 50)
      let worker = TokenRecord(
        id: TokenID(rawValue: 2), name: "east", role: .join, apps: AppScope(["b", "a"]),
        bounds: JoinBounds(tags: ["gpu"], sites: ["east"], slots: 8), hash: "b", createdAt: Timestamp(seconds: 4))
      try await scene.expect(.applied, .access(.putToken(first)), .access(.putToken(worker)))
      #expect(try await scene.store.tokens() == [first, worker])
      try await scene.expect(.duplicate(1), .access(.putToken(token(3, "ci", hash: "c"))))
      var used = token(3, "c", hash: "c")
      used.usedAt = Timestamp(seconds: 1)
      try await scene.expect(
        .conflict, .access(.putToken(first)), .access(.putToken(token(3, "c", hash: "a"))), .access(.putToken(used)),
        .access(.putToken(token(1 << 63, "c", hash: "c"))))
      #expect(try await scene.store.claim([], for: scene.server).idFloor == 0)
    },
    ConformanceCase("a rotated token keeps its old hash for a time") { scene in
      let until = Timestamp(seconds: 60)
      func rotate(_ id: UInt64, _ from: String, _ to: String) -> StoreOp.Verb {
        .access(.rotateToken(TokenID(rawValue: id), from: from, to: to, until: until))
      }
      try await scene.expect(.applied, .access(.putToken(token(1, "ci", hash: "a"))), rotate(1, "a", "b"))
      try await scene.expect(
        .conflict, rotate(1, "a", "c"), rotate(2, "a", "c"), rotate(1, "b", "a"), rotate(1, "b", "b"),
        .access(.putToken(token(2, "other", hash: "a"))))
      var expected = token(1, "ci", hash: "b")
      expected.previous = TokenRecord.Previous(hash: "a", until: until)
      #expect(try await scene.store.tokens() == [expected])
      try await scene.expect(.applied, rotate(1, "b", "c"), .access(.putToken(token(2, "other", hash: "a"))))
    },
    ConformanceCase("a revoked token stays so, and its name is free") { scene in
      func revoke(_ id: UInt64, at: Int64 = 9) -> StoreOp.Verb {
        .access(.revokeToken(TokenID(rawValue: id), at: Timestamp(seconds: at)))
      }
      try await scene.expect(.conflict, revoke(1))
      try await scene.expect(.applied, .access(.putToken(token(1, "ci", hash: "a"))), revoke(1))
      try await scene.expect(.duplicate(nil), revoke(1, at: 10))
      try await scene.expect(
        .conflict, .access(.rotateToken(TokenID(rawValue: 1), from: "a", to: "b", until: Timestamp(seconds: 60))),
        .access(.putToken(token(2, "ci", hash: "a"))))
      try await scene.expect(.applied, .access(.putToken(token(2, "ci", hash: "b"))))
      #expect(try await scene.store.tokens().map(\.revokedAt) == [Timestamp(seconds: 9), nil])
      try await scene.expect(.applied, .access(.trim(before: Timestamp(seconds: 9), keep: 9)))
      #expect(try await scene.store.tokens().count == 2)
      try await scene.expect(.applied, .access(.trim(before: Timestamp(seconds: 10), keep: 9)))
      #expect(try await scene.store.tokens().map(\.id.rawValue) == [2])
    },
    ConformanceCase("the last use of a token only moves forward") { scene in
      func used(_ id: UInt64, _ at: Int64) -> TokenUse {
        TokenUse(token: TokenID(rawValue: id), at: Timestamp(seconds: at))
      }
      try await scene.expect(
        .applied, .access(.putToken(token(1, "a", hash: "a"))), .access(.putToken(token(2, "b", hash: "b"))),
        .access(.usedTokens([used(1, 5), used(9, 5)])), .access(.usedTokens([used(1, 4), used(2, 7)])))
      #expect(try await scene.store.tokens().map(\.usedAt?.seconds) == [5, 7])
    },
    ConformanceCase("a change and its record are there together, or neither is") { scene in
      let job = scene.job()
      let ops = [
        StoreOp(scene.owner(job.shard), .createJob(job), audit: entry(1, after: "version 1")),
        StoreOp(scene.owner(job.shard), .createJob(job), audit: entry(2)),
        StoreOp(.shard(job.shard, 99), scene.state(.paused), audit: entry(3)),
        StoreOp(.server, .access(.note), audit: entry(4, app: nil)),
      ]
      #expect(await scene.commit(ops) == .done([.applied, .duplicate(1), .fenced, .applied]))
      let records = try await scene.store.audit(AuditFilter(), before: nil, limit: 9)
      #expect(
        records == [
          AuditRecord(number: 2, entry: entry(4, app: nil)),
          AuditRecord(number: 1, entry: entry(1, after: "version 1")),
        ])
    },
    ConformanceCase("the audit is read in pages, newest first, and by its filters") { scene async throws in
      for number in 1...6 {
        let op = StoreOp(
          .server, .access(.note),
          audit: entry(Int64(number), token: UInt64(number % 2), app: number % 3 == 0 ? "b" : "a"))
        #expect(await scene.commit([op]) == .done([.applied]))
      }
      func numbers(_ filter: AuditFilter = AuditFilter(), before: UInt64? = nil, limit: Int = 9) async throws
        -> [UInt64]
      {
        try await scene.store.audit(filter, before: before, limit: limit).map(\.number)
      }
      #expect(try await numbers() == [6, 5, 4, 3, 2, 1])
      #expect(try await numbers(before: 5, limit: 2) == [4, 3])
      #expect(try await numbers(limit: 0) == [])
      #expect(try await numbers(limit: -1) == [])
      #expect(try await numbers(before: 0) == [])
      #expect(try await numbers(AuditFilter(token: TokenID(rawValue: 1))) == [5, 3, 1])
      #expect(try await numbers(AuditFilter(app: "b")) == [6, 3])
      #expect(try await numbers(AuditFilter(since: Timestamp(seconds: 5))) == [6, 5])
      #expect(
        try await numbers(AuditFilter(token: TokenID(rawValue: 0), app: "b", since: Timestamp(seconds: 1))) == [6])
    },
    ConformanceCase("the audit forgets by age and by number, and never counts anew") { scene async throws in
      func note(_ at: Int64) async { _ = await scene.commit([StoreOp(.server, .access(.note), audit: entry(at))]) }
      func trim(_ before: Int64, _ keep: UInt64) async throws -> [UInt64] {
        try await scene.expect(.applied, .access(.trim(before: Timestamp(seconds: before), keep: keep)))
        return try await scene.store.audit(AuditFilter(), before: nil, limit: 99).map(\.number)
      }
      for at in [5, 1, 6, 7, 8] as [Int64] { await note(at) }
      #expect(try await trim(5, 9) == [5, 4, 3, 2, 1])
      #expect(try await trim(6, 9) == [5, 4, 3])
      #expect(try await trim(0, 2) == [5, 4])
      #expect(try await trim(99, .max) == [])
      await note(1)
      #expect(try await trim(0, 9) == [6])
      #expect(try await trim(0, 0) == [])
    },
    ConformanceCase("apps are those with jobs or a policy") { scene in
      let policy = Policy(balancer: Policy.Strategy(plugin: "b"))
      try await scene.expect(
        .applied, .createJob(scene.job()), .createJob(scene.job(2, name: "b")), .createJob(scene.job(3, app: "Z")),
        .createJob(scene.job(4, app: "gone")))
      try await scene.expect(.applied, scene.state(.deleted, of: 4))
      for (app, revision) in [("app", 1), ("app", 2), ("new", 1)] as [(String, UInt64)] {
        try await scene.expect(
          .applied,
          .putPolicy(PolicyRevision(app: app, revision: revision, policy: policy, createdAt: Timestamp(seconds: 1))))
      }
      #expect(
        try await scene.store.apps() == [
          AppSummary(name: "Z", jobs: 1, policyRevision: 0), AppSummary(name: "app", jobs: 2, policyRevision: 2),
          AppSummary(name: "new", jobs: 0, policyRevision: 1),
        ])
    },
  ]

  private static func token(_ id: UInt64, _ name: String, hash: String) -> TokenRecord {
    TokenRecord(
      id: TokenID(rawValue: id), name: name, role: .write, apps: .all, hash: hash, createdAt: Timestamp(seconds: 3))
  }

  private static func entry(
    _ at: Int64, token: UInt64? = nil, app: String? = "app", after: String? = nil
  ) -> AuditEntry {
    AuditEntry(
      at: Timestamp(seconds: at), token: token.map(TokenID.init(rawValue:)), actor: "ci", address: "10.0.0.1",
      method: "PUT", path: "/api/v1/apps/app/jobs/job", app: app, after: after)
  }
}
