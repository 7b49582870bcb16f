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

  @Test("a peer that does not read is cut off by bytes, and by number, and its memory is given back")
  func bounded() async {
    for (message, most) in [(dispatch(60_000), 1_200), (ServerMessage.resultAck(ref(1)), 500_010)] {
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

  @Test func thereIsABoundOnStreams() {
    let connections = WorkerConnections()
    let ids = (0..<WorkerConnections.limit).map { _ in connections.add(Outbox()) }
    #expect(ids.allSatisfy { $0 != nil } && connections.add(Outbox()) == nil)
    if let id = ids[7] { connections.remove(id) }
    #expect(connections.add(Outbox()) != nil)
  }
}
