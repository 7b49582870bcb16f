import SwitchyardCore
import SwitchyardModel
import Testing

/// The bounded window of what waits: overflow stays in the store and comes when there is room.
@Suite(.timeLimit(.minutes(1))) struct WindowTests {
  /// Waiting instances of one shard.
  static func rows(_ count: Int, _ server: ServerHarness, tag: String? = nil) -> [ActiveInstance] {
    let definition = version(tag == nil ? 1 : 2) { $0.tags = tag.map { [$0] } ?? [] }
    return (0..<count).map { n in
      let id = InstanceID(rawValue: UInt64(n + (tag == nil ? 10_000 : 20_000)))
      let at = server.wall - .seconds(Int64(count - n)) - (tag == nil ? .zero : .seconds(1000))
      return ActiveInstance(
        instance: Instance(
          id: id, job: definition.job, jobVersion: 1, app: "a", shard: Shard(5), occurrence: .submitted(id),
          readyAt: at, dueAt: at, createdAt: at), definition: definition)
    }
  }

  @Test func overflowIsPagedInAsTheWindowDrains() {
    var server = ServerHarness {
      $0.waitingWindow = 8
      $0.pageLimit = 4
      $0.placementBatch = 3
    }
    server.active = Self.rows(40, server)
    server.own()
    #expect(server.core.status.waiting == 8)
    server.join()
    var placedInOrder: [InstanceID] = []
    while let batch = server.questions.first {
      placedInOrder += batch.map(\.instance)
      server.place(.worker(ServerHarness.ref()))
      server.commit()
      server.active.removeAll { row in batch.contains { $0.instance == row.instance.id } }
      #expect(server.core.status.waiting <= 8)
      server.answerReads()
    }
    #expect(placedInOrder == Self.rows(40, server).map(\.instance.id))
    #expect(server.core.status.waiting == 0)
  }

  @Test func whatNobodyTakesDoesNotBlockTheRest() {
    var server = ServerHarness {
      $0.waitingWindow = 8
      $0.pageLimit = 4
    }
    server.active = Self.rows(30, server, tag: "gpu") + Self.rows(6, server)
    server.own()
    let connection = server.join()
    for beat in 1...20 {
      while let batch = server.questions.first {
        server.questions.removeFirst()
        let results = batch.map { request in
          let takes = request.requirements.tags.isEmpty
          return PlacementResult(
            instance: request.instance, attempt: request.attempt,
            answer: takes ? .worker(ServerHarness.ref()) : .nobody(reason: ""))
        }
        server.handle(.placed(results))
        server.commitAll()
        for attempt in server.dispatched { server.active.removeAll { $0.instance.id == attempt.instance } }
      }
      server.pass(.seconds(5))
      server.handle(.received(connection, .heartbeat(Heartbeat(sequence: UInt64(beat), used: 0))))
      server.pass(.seconds(5))
      server.runTimers()
      server.answerReads()
      #expect(server.core.status.waiting <= 8)
    }
    #expect(server.dispatched.count == 6)
  }

  @Test func overflowOfSubmissionsComesBack() {
    var server = ServerHarness {
      $0.waitingWindow = 1
      $0.pageLimit = 2
    }
    server.own()
    server.submit(version())
    server.place(.nobody(reason: ""))
    var rows: [ActiveInstance] = []
    for _ in 0..<600 { server.submit(version()) }
    while !server.commits.isEmpty {
      for op in server.commit() {
        if case .createInstance(let instance, _) = op.verb {
          rows.append(ActiveInstance(instance: instance, definition: version()))
        }
      }
    }
    server.active = rows
    #expect(server.core.status.waiting <= 256)
    server.join()
    var seen: Set<InstanceID> = []
    while let batch = server.questions.first {
      seen.formUnion(batch.map(\.instance))
      server.place(.worker(ServerHarness.ref()))
      server.commitAll()
      server.active.removeAll { row in batch.contains { $0.instance == row.instance.id } }
      server.answerReads()
    }
    #expect(seen.count == 601)
  }

  @Test func farRetriesAreReadWhenTheyComeNear() {
    var server = ServerHarness()
    var row = Self.rows(1, server)[0]
    row.instance.readyAt = server.wall + .seconds(300)
    server.active = [row]
    server.own()
    #expect(server.core.status.waiting == 0)
    for _ in 0..<30 {
      server.pass(.seconds(10))
      server.runTimers()
      server.answerReads()
    }
    #expect(server.questions.first?.first?.instance == row.instance.id)
  }

  @Test func dueJobsArePagedInAsTheyFire() {
    var server = ServerHarness { $0.dueWindow = 4 }
    // Jobs of one shard, due one after the other.
    let ids = (1...10_000).map { JobID(rawValue: UInt64($0)) }.filter { Shard(of: $0) == Shard(9) }.prefix(20)
    server.jobs = ids.enumerated().map { n, id in
      job(id.rawValue, .once(server.wall + .seconds(Int64(n))), nextFire: server.wall + .seconds(Int64(n)))
    }
    server.own()
    var fired: [JobID] = []
    for _ in 0..<40 {
      server.runTimers()
      while !server.questions.isEmpty { server.place(.nobody(reason: "")) }
      while !server.commits.isEmpty {
        for op in server.commit() {
          guard case .createInstance(let instance, _) = op.verb else { continue }
          fired.append(instance.job)
          server.jobs.removeAll { $0.id == instance.job }
        }
      }
      server.answerReads()
      #expect(server.core.status.dueJobs <= 8)
      server.pass(.seconds(1))
    }
    #expect(fired == Array(ids))
  }
}
