import SwitchyardCore
import SwitchyardModel
import Testing

/// Tokens and the audit: who is told what when, and what goes into the commit of a change.
@Suite struct AccessTests {
  private let entry = AuditEntry(
    at: Timestamp(seconds: 1), token: TokenID(rawValue: 5), actor: "ci", address: "10.0.0.1", method: "PUT",
    path: "/api/v1/apps/a/jobs/job-1", app: "a")

  private func audited(_ request: ServerRequest) -> ServerRequest { .audited(request, entry) }

  private func audits(_ ops: [StoreOp]) -> [String] {
    ops.compactMap(\.audit).map { "\($0.actor): \($0.before ?? "-") → \($0.after ?? "-")" }
  }

  @Test("the record of a change is in its commit, with what was before and what is after")
  func changesOfJobs() {
    var server = ServerHarness()
    server.own()
    var spec = job().spec
    _ = server.request(audited(.putJob(app: "a", spec: spec, existing: nil)))
    guard case .createJob(let created)? = server.verbs.first else {
      Issue.record("\(server.verbs)")
      return
    }
    #expect(audits(server.commit()) == ["ci: - → version 1"])
    server.jobs = [created]
    spec.priority = 3
    _ = server.request(audited(.putJob(app: "a", spec: spec, existing: created)))
    server.answerReads()
    #expect(audits(server.commit()) == ["ci: version 1 → version 2"])
    _ = server.request(audited(.setJobState(created, .paused)))
    server.answerReads()
    #expect(audits(server.commit()) == ["ci: enabled → paused"])
  }

  @Test func changesOfInstances() {
    var server = ServerHarness()
    let row = StopTests.waiting(server)
    server.active = [row]
    server.own()
    _ = server.request(audited(.end(row.instance)))
    #expect(audits(server.commit()) == ["ci: waiting → cancelled"])

    server = ServerHarness()
    server.own()
    server.join()
    let attempt = server.dispatch(version())
    var running = row.instance
    running.id = attempt.instance
    running.shard = Shard(of: attempt.instance)
    _ = server.request(audited(.end(running)))
    #expect(audits(server.commit()) == ["ci: dispatched → stopping"])
  }

  @Test func changesOfPolicies() {
    var server = ServerHarness()
    server.own()
    let policy = Policy(balancer: Policy.Strategy(plugin: "b"))
    _ = server.request(audited(.putPolicy(app: "a", policy, revision: 1)))
    _ = server.request(audited(.putPolicy(app: "a", policy, revision: 2)))
    #expect(audits(server.commit()) == ["ci: - → revision 1"])
    #expect(audits(server.commit()) == ["ci: revision 1 → revision 2"])
  }

  @Test("a submission has its instance for a record")
  func submissions() {
    var server = ServerHarness()
    server.own()
    _ = server.request(audited(.submit(Submission(definition: version()))))
    server.place(.nobody(reason: "none"))
    #expect(server.verbs.count == 1)
    #expect(audits(server.commit()) == [])
  }

  @Test("a change that was refused leaves no record behind for the next request")
  func refused() {
    var server = ServerHarness()
    server.own()
    let absent = server.request(audited(.end(StopTests.waiting(server).instance)))
    server.answerReads()
    #expect(server.reply(absent) == .refused(.conflict, "there is no such instance"))
    _ = server.request(.putJob(app: "a", spec: job().spec, existing: nil))
    #expect(audits(server.commit()) == [])
  }

  @Test("a change that is under way when the store refuses is remembered when the store takes it")
  func refusedForAWhile() {
    var server = ServerHarness()
    server.own()
    let asked = server.request(audited(.putJob(app: "a", spec: job().spec, existing: nil)))
    for _ in 0..<8 {
      server.fail(.aborted("the disk is full"))
      server.pass(.milliseconds(250))
      server.runTimers()
    }
    guard case .refused(.unavailable, _)? = server.reply(asked) else {
      Issue.record("\(String(describing: server.reply(asked)))")
      return
    }
    var stored: [StoreOp] = []
    while !server.commits.isEmpty { stored += server.commit() }
    #expect(audits(stored) == ["ci: - → version 1"])
  }

  @Test("a change of tokens counts when it is durable, before who asked is told")
  func tokens() {
    var server = ServerHarness()
    server.own()
    let op = AccessOp.revokeToken(TokenID(rawValue: 5), at: server.wall)
    let asked = server.request(audited(.access(op)))
    #expect(server.others.isEmpty && server.reply(asked) == nil)
    #expect(audits(server.commit()) == ["ci: - → -"])
    guard case .accessStored(op)? = server.others.first else {
      Issue.record("\(server.others)")
      return
    }
    #expect(server.reply(asked) == .access(.applied))
    server.forget()
    let again = server.request(.access(op))
    server.commit([.duplicate(nil)])
    #expect(server.others.isEmpty && server.reply(again) == .access(.duplicate(nil)))
  }

  @Test("answers find who asked, with the core's own changes among them")
  func order() {
    var server = ServerHarness()
    server.own()
    server.commitAll()
    let first = server.request(.access(.revokeToken(TokenID(rawValue: 1), at: server.wall)))
    server.pass(.seconds(301))
    server.runTimers()
    let second = server.request(.access(.revokeToken(TokenID(rawValue: 2), at: server.wall)))
    server.commit([.conflict])
    #expect(server.reply(first) == .access(.conflict) && server.reply(second) == nil)
    let trims = server.verbs.filter { if case .access(.trim) = $0 { true } else { false } }
    #expect(trims == [.access(.trim(before: server.wall - AuditRetention.span, keep: AuditRetention.records))])
    server.commitAll()
    #expect(server.reply(second) == .access(.applied))
    #expect(server.timers[.auditTrim] == server.boot + .seconds(3600))
  }

  @Test("nobody knows whether it is durable: who asked is told so, and later answers go to the right ones")
  func unknown() {
    var server = ServerHarness()
    server.own()
    let lost = server.request(audited(.access(.revokeToken(TokenID(rawValue: 1), at: server.wall))))
    server.fail(.unknown("gone"))
    guard case .refused(.unavailable, _)? = server.reply(lost) else {
      Issue.record("\(String(describing: server.reply(lost)))")
      return
    }
    server.claimed()
    let asked = server.request(.access(.note))
    #expect(audits(server.commit()) == [])
    #expect(server.reply(asked) == .access(.applied))
  }
}
