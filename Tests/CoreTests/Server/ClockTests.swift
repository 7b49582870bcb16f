import SwitchyardCore
import SwitchyardModel
import Testing

/// The wall clock is set while the server runs.
@Suite struct ClockTests {
  let start = Timestamp(seconds: 1_800_000_000)

  func created(_ server: ServerHarness) -> [Instance] {
    server.verbs.compactMap { if case .createInstance(let instance, _) = $0 { instance } else { nil } }
  }

  func steps(_ server: ServerHarness) -> [Span] {
    server.notices.compactMap { if case .clockStepped(let span) = $0 { span } else { nil } }
  }

  /// A job each ten seconds, the first of them in ten.
  func harness(_ misfire: Misfire = Misfire()) -> ServerHarness {
    var server = ServerHarness()
    server.jobs = [job(1, .fixedRate(.seconds(10)), nextFire: start + .seconds(10)) { $0.misfire = misfire }]
    server.own()
    return server
  }

  @Test func aStepForwardIsHeldAndThenLate() throws {
    var server = harness(Misfire(policy: .skip))
    server.wall = server.wall + .seconds(3600)
    server.pass(.milliseconds(1))
    server.handle(.viewChanged(app: nil))
    #expect(steps(server) == [.seconds(3600)])
    server.pass(.seconds(4))
    server.runTimers()
    #expect(created(server).isEmpty)
    server.pass(.seconds(1))
    server.runTimers()
    let record = try #require(created(server).first)
    #expect(record.state == .skipped)
    #expect(record.dueAt == start + .seconds(10))
    #expect(steps(server).count == 1)
  }

  @Test func aStepBackFiresNothingTwice() {
    var server = harness()
    server.pass(.seconds(10))
    server.runTimers()
    server.place(.nobody(reason: ""))
    #expect(created(server).map(\.dueAt) == [start + .seconds(10)])
    server.commit()
    server.wall = server.wall - .seconds(30)
    server.handle(.viewChanged(app: nil))
    #expect(steps(server) == [.zero - .seconds(30)])
    // Until the clock shows the next due time, half a minute and ten seconds later.
    for _ in 0..<39 {
      server.pass(.seconds(1))
      server.runTimers()
      server.place(.nobody(reason: ""))
      #expect(created(server).isEmpty)
    }
    server.pass(.seconds(1))
    server.runTimers()
    server.place(.nobody(reason: ""))
    #expect(created(server).map(\.dueAt) == [start + .seconds(20)])
  }

  /// Its answer is about the horizon of before: what comes due within that of now would be late.
  @Test func whatWasBeingReadIsReadAgainAfterAStep() {
    var server = ServerHarness()
    server.jobs = [job(1, .fixedRate(.seconds(3600)), nextFire: start + .seconds(3690))]
    server.own()
    server.pass(.seconds(46))
    server.runTimers()
    #expect(!server.reads.isEmpty)
    server.wall = server.wall + .seconds(3600)
    server.handle(.viewChanged(app: nil))
    server.pass(.seconds(5))
    server.runTimers()
    server.answerReads()
    for _ in 0..<39 {
      #expect(server.questions.isEmpty)
      server.pass(.seconds(1))
      server.runTimers()
      server.answerReads()
    }
    server.place(.nobody(reason: ""))
    #expect(created(server).map(\.dueAt) == [start + .seconds(3690)])
  }

  @Test func slewingIsNoStep() {
    var server = harness()
    for _ in 0..<20 {
      server.wall = server.wall + .milliseconds(900)
      server.handle(.viewChanged(app: nil))
    }
    #expect(steps(server).isEmpty)
  }

  @Test func aClockThatGoesOnJumpingIsNotWaitedForLongerThanAMinute() {
    var server = harness()
    var held = 0
    while created(server).isEmpty, held < 200 {
      server.wall = server.wall + .seconds(2)
      server.pass(.seconds(1))
      server.handle(.viewChanged(app: nil))
      server.runTimers()
      server.place(.nobody(reason: ""))
      held += 1
    }
    #expect((55...62).contains(held), "\(held)")
  }
}
