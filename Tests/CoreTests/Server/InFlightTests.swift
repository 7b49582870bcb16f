import SwitchyardCore
import SwitchyardModel
import Testing

/// A job is edited, paused or deleted while one of its due times is on its way: that one keeps the version that it was
/// fired for and comes to its end; what follows obeys the change.
@Suite struct InFlightTests {
  enum Moment: CaseIterable { case asked, creating, placed }
  enum Change: CaseIterable { case edit, pause, delete }

  let start = Timestamp(seconds: 1_800_000_000)

  func changes(_ server: ServerHarness) -> Int {
    server.verbs.count {
      switch $0 {
      case .editJob, .setJobState: true
      default: false
      }
    }
  }

  @Test(arguments: Moment.allCases, Change.allCases)
  func whatIsOnItsWayComesToItsEnd(_ moment: Moment, _ change: Change) throws {
    var server = ServerHarness()
    let stored = job(1, .fixedRate(.seconds(10)), nextFire: start)
    server.jobs = [stored]
    server.own()
    let connection = server.join()
    func ask(_ server: inout ServerHarness) -> Token {
      switch change {
      case .edit:
        var spec = stored.spec
        spec.priority = 7
        return server.request(.putJob(app: "a", spec: spec, existing: stored))
      case .pause: return server.request(.setJobState(stored, .paused))
      case .delete: return server.request(.setJobState(stored, .deleted))
      }
    }
    var token: Token?
    if moment == .asked { token = ask(&server) }
    server.place(.worker(ServerHarness.ref()))
    if moment == .creating { token = ask(&server) }
    #expect(changes(server) == 0, "one operation of a job at a time")
    server.commit()
    if moment == .placed { token = ask(&server) }
    #expect(changes(server) == 1)
    server.commitAll()
    guard case .job(let changed)? = server.reply(try #require(token)) else {
      Issue.record("\(String(describing: token.flatMap(server.reply)))")
      return
    }
    #expect(changed.version == (change == .edit ? 2 : 1))
    #expect(changed.nextFire == (change == .edit ? start + .seconds(10) : nil))

    let versions = server.messages.compactMap {
      if case .dispatch(let assignment) = $0 { assignment.definition.number } else { nil }
    }
    #expect(versions == [1])
    server.result(try #require(server.dispatched.first), on: connection)
    #expect(server.finishes.map(\.next) == [.end(.succeeded)])
    server.commitAll()

    server.pass(.seconds(10))
    server.handle(.received(connection, .heartbeat(Heartbeat(sequence: 1, used: 0))))
    server.runTimers()
    server.place(.nobody(reason: ""))
    let next = server.verbs.compactMap { if case .createInstance(let instance, _) = $0 { instance } else { nil } }
    #expect(next.map(\.jobVersion) == (change == .edit ? [2] : []))
    #expect(next.map(\.priority) == (change == .edit ? [7] : []))
  }
}
