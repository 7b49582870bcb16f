import SwitchyardCore
import SwitchyardModel
import Testing

@testable import SwitchyardServer

@Suite struct EventRingTests {
  private func changes(_ count: Int, of instances: Int, in ring: inout EventRing) {
    for number in 0..<count { ring.append(change(UInt64(number % instances)), at: Timestamp(seconds: 0)) }
  }

  private func change(_ id: UInt64) -> ClusterEvent {
    .core(
      .instance(
        InstanceID(rawValue: id), job: JobID(rawValue: 1), app: "a", state: .waiting, attempt: 0, worker: nil))
  }

  @Test func readsOnFromWhereItWas() {
    var ring = EventRing(capacity: 10, mergeBeyond: 10)
    #expect(ring.page(after: 0).entries.isEmpty)
    changes(3, of: 3, in: &ring)
    let page = ring.page(after: 1)
    #expect(page.entries.map(\.number) == [2, 3])
    #expect(page.lost == 0 && page.last == 3)
    #expect(ring.page(after: 3).entries.isEmpty)
  }

  /// A step of the clock holds all firing for a while: whoever follows is told, each time.
  @Test(arguments: [(Span.seconds(3600), "1h"), (Span.zero - .seconds(90), "-1m30s")] as [(Span, String)])
  func tellsOfEachStepOfTheClock(step: Span, by: String) throws {
    var ring = EventRing(capacity: 10, mergeBeyond: 1)
    for second in 1...3 { ring.append(.core(.clockStepped(by: step)), at: Timestamp(seconds: Int64(second))) }
    let entries = ring.page(after: 0).entries
    #expect(entries.map(\.number) == [1, 2, 3], "steps are not merged: each is another")
    let first = try #require(entries.first)
    #expect(first.event.kind == .server && first.event.app == nil)
    #expect(
      first.json(jobName: nil) == ["at": "1970-01-01T00:00:01.000Z", "state": "clock-stepped", "by": .string(by)])
  }

  @Test func saysHowManyAreForgotten() {
    var ring = EventRing(capacity: 10, mergeBeyond: 10)
    changes(25, of: 25, in: &ring)
    let page = ring.page(after: 4)
    #expect(page.lost == 11)
    #expect(page.entries.map(\.number) == Array(16...25))
  }

  /// Of a start that counted further than this one has.
  @Test func numberOfTheFutureReadsFromTheEnd() {
    var ring = EventRing(capacity: 10, mergeBeyond: 10)
    changes(5, of: 5, in: &ring)
    let page = ring.page(after: 900)
    #expect(page.lost == 0 && page.entries.isEmpty && page.last == 5)
  }

  @Test func readerThatIsBehindGetsTheLastStateOfEach() {
    var ring = EventRing(capacity: 100, mergeBeyond: 4)
    changes(9, of: 2, in: &ring)
    ring.append(.core(.resigned(reason: "r")), at: Timestamp(seconds: 0))
    changes(1, of: 1, in: &ring)
    let page = ring.page(after: 0)
    // Instance 1 last changed with number 8, the server resigned with 10, instance 0 changed with 11.
    #expect(page.entries.map(\.number) == [8, 10, 11])
    #expect(page.entries.map(\.merged) == [3, 0, 5])
    #expect(page.last == 11)
    #expect(ring.page(after: 7).entries.map(\.number) == [8, 9, 10, 11])
  }

  @Test func attemptsAndStatesOfAnInstanceAreOneThing() {
    var ring = EventRing(capacity: 100, mergeBeyond: 1)
    let attempt = AttemptRef(instance: InstanceID(rawValue: 0), attempt: 1)
    let worker = WorkerRef(name: "w", incarnation: 1)
    let job = JobID(rawValue: 1)
    ring.append(
      .core(.started(attempt, job: job, app: "a", worker: worker, startedAt: Timestamp(seconds: 0))),
      at: Timestamp(seconds: 0))
    ring.append(
      .core(.attemptEnded(attempt, job: job, app: "a", worker: worker, outcome: .failed, ran: nil)),
      at: Timestamp(seconds: 0))
    changes(1, of: 1, in: &ring)
    #expect(ring.page(after: 0).entries.map(\.number) == [3])
    #expect(ring.page(after: 0).entries.map(\.merged) == [2])
  }
}

@Suite struct EventLogTests {
  @Test func wakesWhoWaits() async {
    let log = EventLog(incarnation: 1)
    async let waiting: Void = log.wait(after: 0, atMost: .seconds(600))
    log.consume([.storeWritesAgain], at: Timestamp(seconds: 0))
    await waiting
    #expect(log.last == 1)
  }

  @Test func whatIsOnlyCountedIsNotTold() {
    let log = EventLog(incarnation: 1)
    log.consume([.core(.counted("x")), .core(.measured(.fired, .zero))], at: Timestamp(seconds: 0))
    #expect(log.last == 0)
  }

  @Test(arguments: ["1-2", "0-0", "18446744073709551615-1"])
  func identity(text: String) throws { #expect("\(try EventID(text))" == text) }

  @Test(arguments: ["", "1", "1-", "-1", "1-2-3", "01-2", "+1-2", "1--2", "a-b", "18446744073709551616-1", " 1-2"])
  func notAnIdentity(text: String) { #expect(throws: FieldError.self) { try EventID(text) } }
}
