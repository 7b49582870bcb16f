import SwitchyardCore
import SwitchyardModel
import Testing

/// Batches, and how apps share the queue of what is not stored yet.
@Suite struct AdmissionTests {
  private func version(app: String = "a") -> JobVersion {
    var job = job()
    job.app = app
    return JobVersion(job)
  }

  private func submissions(_ count: Int, _ app: String = "a", keys: [String?] = []) -> [Submission] {
    (0..<count).map { Submission(definition: version(app: app), key: keys.isEmpty ? nil : keys[$0]) }
  }

  @Test func batchIsAnsweredTogetherInOrder() {
    var server = ServerHarness { $0.commitGroup = 3 }
    server.own()
    let token = server.request(.submitBatch(submissions(5, keys: ["a", "b", "c", "d", "e"])))
    server.place(.nobody(reason: "none"))
    #expect(server.reply(token) == nil)
    let first = server.commit([.applied, .duplicate(77), .applied])
    #expect(server.reply(token) == nil)
    let second = server.commit([.conflict, .applied])
    let ids = (first + second).compactMap { op -> InstanceID? in
      if case .createInstance(let instance, _) = op.verb { instance.id } else { nil }
    }
    guard ids.count == 5 else {
      Issue.record("\(ids)")
      return
    }
    #expect(
      server.reply(token)
        == .batch([
          .submitted(ids[0], duplicate: false), .submitted(InstanceID(rawValue: 77), duplicate: true),
          .submitted(ids[2], duplicate: false), .refused(.conflict, "the job is deleted or has changed: read it again"),
          .submitted(ids[4], duplicate: false),
        ]))
  }

  @Test func emptyBatchHasAnEmptyAnswer() {
    var server = ServerHarness()
    server.own()
    let token = server.request(.submitBatch([]))
    #expect(server.reply(token) == .batch([]))
  }

  @Test func batchWhoseOutcomeIsUnknownIsRefusedAsAWhole() {
    var server = ServerHarness()
    server.own()
    let token = server.request(.submitBatch(submissions(3)))
    server.place(.nobody(reason: "none"))
    server.fail(.unknown("power"))
    guard case .refused(.unavailable, _)? = server.reply(token) else {
      Issue.record("\(server.replies)")
      return
    }
    #expect(server.replies.count == 1)
  }

  /// The limit is 20: a flood holds at most 4, a second one at most as many.
  @Test func floodLeavesRoomForOthers() {
    var server = ServerHarness { $0.freshLimit = 20 }
    server.own()
    func isRefused(_ token: Token) -> Bool {
      if case .refused(.overloaded, _)? = server.reply(token) { true } else { false }
    }
    func held(_ app: String) -> Int {
      (0..<10).prefix { _ in !isRefused(server.submit(version(app: app), at: server.wall + .seconds(9))) }.count
    }
    #expect(held("flood") == 4)
    #expect(held("flood") == 0)
    #expect(held("other") == 4)
    #expect(held("third") == 3)
    #expect(server.core.status.fresh == 11)
    #expect(server.counted("admission.share"))
    server.commitAll()
    #expect(server.core.status.fresh == 0)
    #expect(held("flood") == 4)
  }

  @Test func batchOverTheShareIsRefusedAsAWhole() {
    var server = ServerHarness { $0.freshLimit = 20 }
    server.own()
    let first = server.request(.submitBatch(submissions(8)))
    let second = server.request(.submitBatch(submissions(1)))
    #expect(server.reply(first) == nil)
    guard case .refused(.overloaded, _)? = server.reply(second) else {
      Issue.record("\(server.replies)")
      return
    }
    #expect(server.core.status.fresh == 8)
  }

  @Test func retryComesWhenTheQueueHasPassed() {
    var server = ServerHarness { $0.freshLimit = 4 }
    server.own()
    func wait() -> Span? {
      server.submit(version(), at: server.wall + .seconds(9))
      let token = server.submit(version(), at: server.wall + .seconds(9))
      guard case .refused(.overloaded(let wait), _)? = server.reply(token) else { return nil }
      return wait
    }
    #expect(wait() == .milliseconds(100))
    server.pass(.seconds(3))
    server.commitAll()
    #expect(wait() == .seconds(3))
  }
}
