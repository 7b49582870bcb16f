import SwitchyardCore
import SwitchyardModel
import Testing

@Suite struct AgentAttemptTests {
  @Test func runsAnAssignmentAndKeepsItsResultUntilAcknowledged() {
    var h = AgentHarness()
    h.goLive()
    #expect(h.receive(.dispatch(AgentHarness.assignment(1))).spawned == [AgentHarness.ref(1)])
    let started = h.wall
    #expect(
      h.handle(.spawned(AgentHarness.ref(1), at: started)).sent == [
        .accepted(AgentHarness.ref(1), startedAt: started)
      ])
    #expect(h.handle(.ended(h.result(1))).results == [h.result(1)])
    let hello = h.reconnect(from: 1)
    guard case .hello(let greeting)? = hello.first else {
      Issue.record("no hello")
      return
    }
    #expect(greeting.inventory.map(\.finished) == [true])
    #expect(h.welcome(on: 2).results.map(\.attempt) == [AgentHarness.ref(1)])
    h.receive(.resultAck(AgentHarness.ref(1)), on: 2)
    #expect(h.agent.holdsNothing)
  }

  @Test func dropsDoublesWhetherRunningOrFinished() {
    var h = AgentHarness()
    h.goLive()
    h.receive(.dispatch(AgentHarness.assignment(1)))
    #expect(h.receive(.dispatch(AgentHarness.assignment(1))).spawned.isEmpty)
    h.handle(.ended(h.result(1)))
    let again = h.receive(.dispatch(AgentHarness.assignment(1)))
    #expect(again.spawned.isEmpty && again.results.count == 1)
    #expect(h.agent.counters.doubles == 2)
  }

  @Test func neverRunsTwoAttemptsOfOneInstance() {
    var h = AgentHarness()
    h.goLive()
    h.receive(.dispatch(AgentHarness.assignment(1)))
    let second = h.receive(.dispatch(AgentHarness.assignment(1, attempt: 2)))
    #expect(second.killed == [AgentHarness.ref(1)] && second.spawned.isEmpty)
    #expect(second.sent == [.rejected(AgentHarness.ref(1, 2), reason: "an earlier attempt still runs")])
    h.handle(.ended(h.result(1, 1, .stopped)))
    #expect(h.receive(.dispatch(AgentHarness.assignment(1, attempt: 3))).spawned == [AgentHarness.ref(1, 3)])
    #expect(h.receive(.dispatch(AgentHarness.assignment(1, attempt: 2))).isEmpty)
    #expect(h.agent.counters.stale == 1)
  }

  @Test func enforcesItsSlotsAndARejectionIsFinalForTheStream() {
    var h = AgentHarness(slots: 2)
    h.goLive()
    h.receive(.dispatch(AgentHarness.assignment(1, slots: 2)))
    #expect(h.receive(.dispatch(AgentHarness.assignment(2))).sent.count == 1)
    h.handle(.ended(h.result(1)))
    #expect(h.receive(.dispatch(AgentHarness.assignment(2))).spawned.isEmpty)
    #expect(h.receive(.dispatch(AgentHarness.assignment(2, attempt: 2))).spawned == [AgentHarness.ref(2, 2)])
    #expect(!h.reconnect(from: 1).isEmpty)
    h.welcome(on: 2)
    #expect(h.receive(.dispatch(AgentHarness.assignment(3)), on: 2).spawned == [AgentHarness.ref(3)])
  }

  @Test func ignoresOwnersThatHaveBeenSucceeded() {
    var h = AgentHarness()
    h.goLive()
    #expect(h.receive(.dispatch(AgentHarness.assignment(1, epoch: 2))).isEmpty)
    h.receive(.dispatch(AgentHarness.assignment(2, epoch: 5)))
    #expect(h.receive(.dispatch(AgentHarness.assignment(1, epoch: 4))).isEmpty)
    #expect(h.receive(.stop(AgentHarness.ref(2), shard: Shard(1), epoch: 4)).isEmpty)
    #expect(h.agent.counters.fenced == 3)
  }

  @Test func answersAStopOfWhatIsNotThereAndDoesNotRunItLater() {
    var h = AgentHarness()
    h.goLive()
    let answer = h.receive(.stop(AgentHarness.ref(1), shard: Shard(1), epoch: 3))
    #expect(answer.results.map(\.outcome) == [.stopped])
    #expect(h.receive(.dispatch(AgentHarness.assignment(1))).spawned.isEmpty)
  }

  @Test func aStopKillsOnceAndARunThatEndedFirstKeepsItsOutcome() {
    var h = AgentHarness()
    h.goLive()
    h.receive(.dispatch(AgentHarness.assignment(1)))
    h.receive(.dispatch(AgentHarness.assignment(2)))
    for instance: UInt64 in [1, 2] {
      let stop = ServerMessage.stop(AgentHarness.ref(instance), shard: Shard(1), epoch: 3)
      #expect(h.receive(stop).killed == [AgentHarness.ref(instance)])
      #expect(h.receive(stop).isEmpty)
    }
    #expect(h.handle(.ended(h.result(1))).results.map(\.outcome) == [.succeeded])
    #expect(h.handle(.ended(h.result(2, 1, .failed))).results.map(\.outcome) == [.stopped])
  }

  @Test func remembersABoundedNumberOfRejectionsAndResults() {
    var configuration = AgentConfiguration()
    configuration.rejectionLimit = 3
    configuration.resultLimit = 2
    var h = AgentHarness(slots: 0, configuration: configuration)
    h.goLive()
    for instance: UInt64 in 1...3 { h.receive(.dispatch(AgentHarness.assignment(instance))) }
    let passed = h.receive(.dispatch(AgentHarness.assignment(4)))
    #expect(passed.sent.isEmpty && passed.armed(.reconnect) != nil && !h.agent.isConnected)
    var stops = AgentHarness(configuration: configuration)
    stops.goLive()
    for instance: UInt64 in 1...9 { stops.receive(.stop(AgentHarness.ref(instance), shard: Shard(1), epoch: 3)) }
    #expect(stops.agent.counters.ignored == 7)
  }
}
