import SwitchyardCore
import SwitchyardModel
import Testing

@Suite struct AgentLinkTests {
  @Test func backsOffWithABoundAndJitter() {
    var h = AgentHarness()
    var actions = h.handle(.start)
    var waits: [Span] = []
    for _ in 0..<40 {
      guard let number = actions.connected.last else { break }
      let before = h.boot
      guard let until = h.handle(.connectFailed(number)).armed(.reconnect) else { break }
      waits.append(until - before)
      h.pass(until - before)
      actions = h.handle(.timer(.reconnect))
    }
    #expect(waits.count == 40)
    #expect(waits.allSatisfy { $0 > .zero && $0 <= .milliseconds(5_020) })
    #expect(waits.dropFirst(10).contains { $0 > .seconds(1) } && Set(waits).count > 30)
  }

  @Test func givesUpAConnectionThatDoesNotOpenOrGreet() {
    var h = AgentHarness()
    h.handle(.start)
    #expect(h.handle(.timer(.reconnect)).connected.isEmpty)
    h.pass(.seconds(10))
    #expect(h.handle(.timer(.reconnect)).armed(.reconnect) != nil)
    h.pass(.seconds(6))
    #expect(h.handle(.timer(.reconnect)).connected == [2])
    h.handle(.connected(2))
    h.pass(.seconds(10))
    h.handle(.timer(.reconnect))
    #expect(h.welcome(on: 2).isEmpty)
    #expect(h.agent.counters.otherStream == 1)
  }

  @Test func ignoresEveryStreamButTheCurrentOne() {
    var h = AgentHarness()
    h.goLive()
    _ = h.reconnect(from: 1)
    h.welcome(on: 2)
    #expect(h.receive(.dispatch(AgentHarness.assignment(1)), on: 1).isEmpty)
    #expect(h.handle(.disconnected(1)).isEmpty && h.agent.isConnected)
  }

  @Test func theJudgedKillsEverythingAndComesBackAsAnother() {
    var h = AgentHarness()
    h.goLive()
    h.receive(.dispatch(AgentHarness.assignment(1, whenIsolated: .continue)))
    h.receive(.dispatch(AgentHarness.assignment(2)))
    h.handle(.ended(h.result(2)))
    let judged = h.receive(.refused(.judged, message: ""))
    #expect(judged.killed == [AgentHarness.ref(1)] && !judged.renews)
    #expect(h.handle(.ended(h.result(1, 1, .failed))).renews)
    #expect(h.handle(.renewed(incarnation: 5)).isEmpty)
    #expect(h.handle(.renewed(incarnation: 6)).connected == [2])
    guard case .hello(let hello)? = h.handle(.connected(2)).sent.first else {
      Issue.record("no hello")
      return
    }
    #expect(hello.ref.incarnation == 6 && hello.inventory.isEmpty)
  }

  /// Else a worker whose numbers are behind would ask in a circle, as fast as it can.
  @Test func judgedBeforeItWasEverWelcomedWaits() {
    var h = AgentHarness()
    h.handle(.start)
    var waits: [Span] = []
    for round: UInt64 in 1...6 {
      h.handle(.connected(round))
      #expect(h.receive(.refused(.judged, message: ""), on: round).renews)
      let renewed = h.handle(.renewed(incarnation: 100 + round))
      #expect(renewed.connected == [])
      guard let until = renewed.armed(.reconnect) else {
        Issue.record("nothing brings it back")
        return
      }
      waits.append(until - h.boot)
      h.boot = until
      #expect(h.handle(.timer(.reconnect)).connected == [round + 1])
    }
    #expect(waits.allSatisfy { $0 >= .milliseconds(20) && $0 <= .seconds(6) })
    #expect(waits.reduce(.zero, +) > .milliseconds(300))
  }

  @Test(arguments: [Refusal.nameTaken, .unavailable, .unauthorized, .invalid])
  func otherRefusalsWaitLong(_ refusal: Refusal) {
    var h = AgentHarness()
    h.handle(.start)
    h.handle(.connected(1))
    let until = h.receive(.refused(refusal, message: "")).armed(.reconnect)
    #expect((until ?? h.boot) >= h.boot + .seconds(10))
  }

  @Test func drainingRejectsFinishesAndLeaves() {
    var h = AgentHarness()
    h.goLive()
    h.receive(.dispatch(AgentHarness.assignment(1)))
    #expect(h.receive(.drain).sent == [.draining])
    #expect(h.receive(.dispatch(AgentHarness.assignment(2))).sent.count == 1)
    h.handle(.ended(h.result(1)))
    let last = h.receive(.resultAck(AgentHarness.ref(1)))
    #expect(last.sent == [.goodbye] && last.finished)
    #expect(h.handle(.timer(.reconnect)).isEmpty)
  }

  @Test func anIdleWorkerLeavesAtOnce() {
    var h = AgentHarness()
    h.goLive()
    #expect(h.handle(.drain).sent == [.draining, .goodbye])
    #expect(h.agent.isFinished)
  }
}
