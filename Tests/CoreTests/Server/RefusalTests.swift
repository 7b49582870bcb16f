import SwitchyardCore
import SwitchyardModel
import Testing

/// A store that does not write: a full disk, or one that hangs.
@Suite struct RefusalTests {
  private func isRefused(_ reply: ServerReply?, _ part: String) -> Bool {
    guard case .refused(.unavailable, let text)? = reply else { return false }
    return text.contains(part)
  }

  /// Answers commits with a refusal until so much time has passed.
  private func refuse(_ server: inout ServerHarness, for span: Span) {
    let end = server.boot + span
    while server.boot < end {
      server.fail(.aborted("the disk is full"))
      server.pass(.milliseconds(250))
      server.runTimers()
    }
  }

  @Test func aSubmissionIsTakenBackAndItsClientTold() {
    var server = ServerHarness()
    server.own()
    server.join()
    let token = server.submit(version())
    server.place(.worker(ServerHarness.ref()))
    refuse(&server, for: .milliseconds(900))
    #expect(server.reply(token) == nil, "a short refusal is hidden")
    refuse(&server, for: .seconds(1))
    #expect(isRefused(server.reply(token), "nothing was stored: the disk is full"))
    #expect(server.released() == 1, "the worker's slot is free again")
    #expect(server.commits.map(\.ops) == [[]], "only asks whether the store writes")
    let early = server.submit(version())
    #expect(isRefused(server.reply(early), "nothing was stored: the disk is full"))
    #expect(server.core.status.storeRefusal == "the disk is full")

    server.commit()
    #expect(server.core.status.storeRefusal == nil)
    #expect(server.core.status.fresh == 0)
    #expect(server.core.status.pendingOps == 0)
    let late = server.submit(version())
    server.place(.worker(ServerHarness.ref()))
    server.commit()
    guard case .submitted? = server.reply(late) else {
      Issue.record("\(server.replies)")
      return
    }
  }

  @Test func whatWorkersReportWaitsAndIsStored() {
    var server = ServerHarness()
    server.own()
    let connection = server.join()
    let attempt = server.dispatch(version())
    server.result(attempt, on: connection)
    let token = server.submit(version(), at: server.wall + .seconds(60))
    refuse(&server, for: .seconds(3))
    #expect(isRefused(server.reply(token), "nothing was stored"))
    #expect(!server.isAcked(attempt))
    server.handle(.received(connection, .heartbeat(Heartbeat(sequence: 7, used: 1))))
    #expect(server.messages.contains(.heartbeatAck(sequence: 7)), "its lease needs no store")
    let ops = server.commit()
    #expect(ops.count == 1)
    #expect(server.isAcked(attempt))
  }

  @Test func whatElseWasAskedForStaysUnderWayAndItsClientIsTold() {
    var server = ServerHarness()
    server.own()
    let spec = JobSpec(name: "new", processor: .noop(duration: .zero))
    let token = server.request(.putJob(app: "a", spec: spec, existing: nil))
    refuse(&server, for: .seconds(2))
    #expect(isRefused(server.reply(token), "look what became of it"))
    server.commit()
    #expect(server.notices.contains { if case .jobStored = $0 { true } else { false } })
    #expect(server.replies.count == 1)
  }

  @Test func aStoreThatHangsIsNotWaitedFor() {
    var server = ServerHarness()
    server.own()
    let token = server.submit(version(), at: server.wall + .seconds(60))
    for _ in 0..<11 {
      server.pass(.seconds(1))
      server.runTimers()
    }
    #expect(isRefused(server.reply(token), "the outcome is unknown"))
    server.commit()
    #expect(server.replies.count == 1)
    #expect(server.core.status.waiting + server.core.status.fresh == 1, "it was stored, and is kept")
  }
}
