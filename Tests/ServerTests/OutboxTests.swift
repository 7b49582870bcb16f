import SwitchyardModel
import Synchronization
import Testing

@testable import SwitchyardServer

@Suite(.timeLimit(.minutes(1)))
struct OutboxTests {
  private func ref(_ number: UInt64) -> AttemptRef { AttemptRef(instance: InstanceID(rawValue: number), attempt: 1) }

  private func dispatch(_ parameters: Int) -> ServerMessage {
    let spec = JobSpec(name: "j", processor: .noop(duration: .zero))
    let job = Job(
      id: JobID(rawValue: 1), app: "a", spec: spec, anchor: Timestamp(seconds: 0), createdAt: Timestamp(seconds: 0),
      updatedAt: Timestamp(seconds: 0))
    return .dispatch(
      Assignment(
        attempt: ref(1), shard: Shard(0), epoch: 1, definition: JobVersion(job),
        parameters: String(repeating: "x", count: parameters), dueAt: Timestamp(seconds: 0)))
  }

  @Test func whatIsQueuedComesInOrder() async {
    let outbox = Outbox()
    outbox.append(.drain)
    outbox.append(.resultAck(ref(1)))
    #expect(await outbox.next() == [.drain, .resultAck(ref(1))])
    outbox.close()
    outbox.append(.drain)
    #expect(await outbox.next() == nil)
  }

  @Test("a peer that does not read is cut off by bytes, however small its messages, and its memory is given back")
  func bounded() async {
    for (message, most) in [(dispatch(60_000), 1_200), (ServerMessage.resultAck(ref(1)), 524_300)] {
      let overflows = Atomic(0)
      let outbox = Outbox { overflows.add(1, ordering: .relaxed) }
      for _ in 0..<most { outbox.append(message) }
      #expect(overflows.load(ordering: .relaxed) == 1)
      #expect(outbox.closing.isSet)
      guard case .refused(.unavailable, let reason)? = await outbox.next()?.last else {
        Issue.record("it is not told why")
        continue
      }
      #expect(reason.contains("does not read"))
      #expect(await outbox.next() == nil)
    }
  }

  @Test("of the acknowledgements of heartbeats only the newest waits, after all else")
  func heartbeats() async {
    let overflows = Atomic(0)
    let outbox = Outbox { overflows.add(1, ordering: .relaxed) }
    outbox.append(.heartbeatAck(sequence: 0))
    outbox.append(.drain)
    for sequence in 1...600_000 { outbox.append(.heartbeatAck(sequence: UInt64(sequence))) }
    #expect(overflows.load(ordering: .relaxed) == 0)
    #expect(await outbox.next() == [.drain, .heartbeatAck(sequence: 600_000)])
    // One alone wakes the writer too.
    async let next = outbox.next()
    outbox.append(.heartbeatAck(sequence: 600_001))
    #expect(await next == [.heartbeatAck(sequence: 600_001)])
  }

  @Test("where all streams together hold too much, the one that holds most is cut, and what is written is given back")
  func shared() async {
    let pool = OutboxPool(limit: 100 * 128)
    var hogs = [Outbox(pool: pool), Outbox(pool: pool)]
    let reader = Outbox(pool: pool)
    for hog in hogs {
      for _ in 0..<30 { hog.append(.resultAck(ref(1))) }
      // What is being written counts until it is written.
      _ = await hog.next()
    }
    #expect(pool.bytes == 60 * 128)
    for _ in 0..<30 { hogs[0].append(.resultAck(ref(1))) }
    #expect(hogs[0].closing.isSet && !hogs[1].closing.isSet)
    for _ in 0..<100 {
      reader.append(.resultAck(ref(2)))
      #expect(await reader.next() == [.resultAck(ref(2))])
    }
    #expect(!reader.closing.isSet && !hogs[1].closing.isSet)
    hogs.removeAll()
    #expect(pool.bytes == 128)
  }

  @Test func thereIsABoundOnStreams() {
    let connections = WorkerConnections()
    let ids = (0..<WorkerConnections.limit).map { _ in connections.add(Outbox()) }
    #expect(ids.allSatisfy { $0 != nil } && connections.add(Outbox()) == nil)
    if let id = ids[7] { connections.remove(id) }
    #expect(connections.add(Outbox()) != nil)
  }
}
