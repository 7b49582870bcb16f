import SwitchyardCore
import SwitchyardModel
import Testing

/// Cancel, stop and release, in each state that an instance can be in.
@Suite struct StopTests {
  static func waiting(_ server: ServerHarness, _ id: UInt64 = 500, job definition: JobVersion = version())
    -> ActiveInstance
  {
    let id = InstanceID(rawValue: id)
    return ActiveInstance(
      instance: Instance(
        id: id, job: definition.job, jobVersion: 1, app: "a", shard: Shard(of: id), occurrence: .submitted(id),
        readyAt: server.wall, dueAt: server.wall, createdAt: server.wall), definition: definition)
  }

  @Test func waitingIsCancelled() {
    var server = ServerHarness()
    server.active = [Self.waiting(server)]
    server.own()
    let token = server.request(.end(server.active[0].instance))
    #expect(server.reply(token) == nil)
    server.commit()
    #expect(server.reply(token) == .instance(server.active[0].instance.id, .cancelled))
    // The lane had been asked: its pick is given back.
    server.join()
    server.forget()
    server.place(.worker(ServerHarness.ref()))
    #expect(server.released() == 1)
    #expect(server.commits.isEmpty)
  }

  @Test func waitingInTheStoreAloneIsCancelled() {
    var server = ServerHarness()
    var far = Self.waiting(server)
    far.instance.readyAt = server.wall + .seconds(3600)
    server.active = [far]
    server.own()
    #expect(server.core.status.waiting == 0)
    let token = server.request(.end(far.instance))
    server.answerReads()
    server.commit()
    #expect(server.reply(token) == .instance(far.instance.id, .cancelled))
  }

  @Test func whileItIsBeingDispatchedItIsStoppedAfter() {
    var server = ServerHarness()
    server.own()
    server.join()
    server.submit(version())
    server.place(.worker(ServerHarness.ref()))
    guard case .createInstance(let instance, _)? = server.verbs.first else {
      Issue.record("\(server.verbs)")
      return
    }
    let token = server.request(.end(instance))
    server.commit()
    #expect(server.verbs == [.requestStop(instance.id, attempt: 1)])
    #expect(server.reply(token) == nil)
    server.commit()
    #expect(server.reply(token) == .instance(instance.id, .stopping))
    let attempt = AttemptRef(instance: instance.id, attempt: 1)
    #expect(server.messages.contains(.stop(attempt, shard: instance.shard, epoch: 1)))
  }

  @Test func runningIsStoppedAndEndsWithTheTruth() {
    var server = ServerHarness()
    server.own()
    let connection = server.join()
    let attempt = server.dispatch(version())
    let row = placed(attempt, version(), on: ServerHarness.ref(), connection: server).instance
    let token = server.request(.end(row))
    #expect(server.messages.isEmpty)
    // The result comes while the intent is on its way to the store: one operation at a time.
    server.result(attempt, on: connection)
    #expect(server.commits.map(\.ops.count) == [1])
    server.commit()
    #expect(server.reply(token) == .instance(row.id, .stopping) || server.reply(token) == nil)
    #expect(server.finishes.map(\.next) == [.end(.succeeded)])
    server.commit()
    #expect(server.reply(token) != nil)
    #expect(server.isAcked(attempt))
    let again = server.request(.end(row))
    server.answerReads()
    guard case .refused(.conflict, _)? = server.reply(again) else {
      Issue.record("\(server.replies)")
      return
    }
  }

  @Test func stoppingTwiceIsAnsweredTwice() {
    var server = ServerHarness()
    server.own()
    server.join()
    let attempt = server.dispatch(version())
    let row = placed(attempt, version(), on: ServerHarness.ref(), connection: server).instance
    let tokens = [server.request(.end(row)), server.request(.end(row))]
    #expect(server.verbs.count == 1)
    server.commit()
    #expect(server.commits.isEmpty)
    #expect(tokens.allSatisfy { server.reply($0) == .instance(row.id, .stopping) })
    let third = server.request(.end(row))
    #expect(server.reply(third) == .instance(row.id, .stopping))
  }

  @Test func heldIsReleased() {
    var server = ServerHarness()
    var row = Self.waiting(server)
    row.instance.state = .held
    row.instance.attempt = 1
    server.active = [row]
    server.own()
    let token = server.request(.release(row.instance))
    server.answerReads()
    server.commit()
    #expect(server.reply(token) == .instance(row.instance.id, .waiting))
    #expect(server.questions.first?.first?.attempt == 2)
  }

  @Test func heldIsCancelled() {
    var server = ServerHarness()
    var row = Self.waiting(server)
    row.instance.state = .held
    server.active = [row]
    server.own()
    let token = server.request(.end(row.instance))
    server.answerReads()
    server.commit()
    #expect(server.reply(token) == .instance(row.instance.id, .cancelled))
  }

  @Test func whatIsNotHeldIsNotReleased() {
    var server = ServerHarness()
    server.own()
    server.join()
    let attempt = server.dispatch(version())
    let row = placed(attempt, version(), on: ServerHarness.ref(), connection: server).instance
    let token = server.request(.release(row))
    guard case .refused(.conflict, _)? = server.reply(token) else {
      Issue.record("\(server.replies)")
      return
    }
  }
}
