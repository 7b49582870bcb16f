import SwitchyardCore
import SwitchyardModel
import Testing

@Suite struct AgentLeaseTests {
  @Test func nothingRunsBeforeTheWelcome() {
    var h = AgentHarness()
    h.handle(.start)
    h.handle(.connected(1))
    #expect(h.receive(.dispatch(AgentHarness.assignment(1))).isEmpty)
  }

  @Test func theGrantCountsFromSendingTheHello() {
    var h = AgentHarness()
    h.handle(.start)
    h.handle(.connected(1))
    let hello = h.boot
    h.pass(.seconds(3))
    let actions = h.welcome(on: 1)
    #expect(actions.armed(.lease) == hello + .seconds(12) - .seconds(2))
  }

  @Test func anAcknowledgedHeartbeatMovesTheGrant() {
    var h = AgentHarness()
    h.goLive()
    h.pass(.seconds(2))
    let sent = h.boot
    let beat = h.handle(.timer(.heartbeat))
    guard case .heartbeat(let heartbeat)? = beat.sent.first else {
      Issue.record("no heartbeat")
      return
    }
    h.pass(.seconds(1))
    let acked = h.receive(.heartbeatAck(sequence: heartbeat.sequence))
    #expect(acked.armed(.lease) == sent + .seconds(10))
    #expect(h.receive(.heartbeatAck(sequence: heartbeat.sequence)).isEmpty)
  }

  @Test func killsBeforeTheGrantEndsAndSaysIsolated() {
    var h = AgentHarness()
    h.goLive()
    h.receive(.dispatch(AgentHarness.assignment(1)))
    h.receive(.dispatch(AgentHarness.assignment(2, whenIsolated: .continue)))
    h.handle(.disconnected(1))
    h.pass(.seconds(10))
    #expect(h.handle(.timer(.lease)).killed == [AgentHarness.ref(1)])
    #expect(h.handle(.timer(.lease)).killed.isEmpty)
    h.handle(.ended(h.result(1, 1, .failed)))
    h.handle(.timer(.reconnect))
    h.handle(.connected(2))
    let results = h.welcome(on: 2).results
    #expect(results.map(\.outcome) == [.isolated])
  }

  @Test func aStoppedProcessLooksAtItsLeaseBeforeItsMail() {
    var h = AgentHarness()
    h.goLive()
    h.receive(.dispatch(AgentHarness.assignment(1)))
    h.pass(.seconds(60))
    let late = h.receive(.dispatch(AgentHarness.assignment(2)))
    #expect(late.killed == [AgentHarness.ref(1)])
    #expect(late.spawned.isEmpty && late.sent == [.rejected(AgentHarness.ref(2), reason: "the lease has run out")])
  }

  @Test func givesUpAStreamThatAcknowledgesNothing() {
    var h = AgentHarness()
    h.goLive()
    var closed = false
    for _ in 0..<6 {
      h.pass(.seconds(2))
      closed = closed || h.handle(.timer(.heartbeat)).armed(.reconnect) != nil
    }
    #expect(closed)
  }

  @Test func metricsGoAsDeltasAndWholeInAHello() {
    var h = AgentHarness()
    h.goLive()
    h.handle(.metrics(WorkerMetrics(numbers: [.init(name: "b", value: 1), .init(name: "a", value: 2)])))
    h.handle(.metrics(WorkerMetrics(numbers: [.init(name: "b", value: 3)])))
    h.pass(.seconds(2))
    guard case .heartbeat(let first)? = h.handle(.timer(.heartbeat)).sent.first else { return }
    #expect(first.metrics.numbers == [.init(name: "a", value: 2), .init(name: "b", value: 3)])
    h.pass(.seconds(2))
    guard case .heartbeat(let second)? = h.handle(.timer(.heartbeat)).sent.first else { return }
    #expect(second.metrics.isEmpty)
    guard case .hello(let hello)? = h.reconnect(from: 1).first else {
      Issue.record("no hello")
      return
    }
    #expect(hello.metrics.numbers.map(\.name) == ["a", "b"])
  }
}
