import Logging
import SwitchyardCore
import SwitchyardModel
import SwitchyardSystem
import Synchronization
import Testing

@testable import SwitchyardWorker

@Suite(.timeLimit(.minutes(1)))
struct AgentDriverTests {
  /// A driver between a fake stream and a runner of the test's.
  private final class Fixture: Sendable {
    let links = FakeLinks()
    let inbox = AgentInbox()
    let logs: LogBook
    let deadlines = Collector<BootTime?>()
    let driver: AgentDriver

    init(
      processors: [String] = ["noop"],
      runners: (AgentInbox, LogBook) -> [any AttemptRunner] = { inbox, _ in
        [NoopRunner(report: inbox.reports)]
      }
    ) {
      let deadlines = deadlines
      logs = LogBook(limits: LogLimits(), announce: inbox.logsWaiting)
      driver = AgentDriver(
        name: "w", lineage: 4, incarnation: 9,
        profile: WorkerProfile(apps: [], slots: 100_000, processors: processors), inbox: inbox,
        surroundings: AgentSurroundings(
          links: links, runners: runners(inbox, logs), logs: logs, setDeadline: { deadlines.append($0) },
          nextIncarnation: { 10 }, logger: Logger(label: "test")))
      driver.start()
    }

    func link(_ number: ConnectionNumber) async -> FakeLink { await links.opened.first { $0.number == number } }
  }

  @Test func runsWhatIsDispatchedAndLeaves() async throws {
    let fixture = Fixture()
    let link = await fixture.link(1)
    let hello = try #require(await link.welcome())
    #expect(hello.ref == WorkerRef(name: "w", incarnation: 9))
    #expect(hello.lineage == 4)
    let job = assignment(.noop(duration: .zero))
    await link.events.received([.dispatch(job)], on: 1)
    #expect(await link.result(job.attempt)?.outcome == .succeeded)
    #expect(fixture.deadlines.all.last.map { $0 != nil } == true)

    fixture.driver.drain()
    _ = await link.sent.first { $0 == .draining }
    #expect(!link.sent.all.contains(.goodbye))
    await link.events.received([.resultAck(job.attempt)], on: 1)
    try await fixture.driver.finished()
    #expect(link.sent.all.last == .goodbye)
    _ = await link.closed.first { $0 }
    fixture.driver.close()
  }

  @Test func heartbeatsFlow() async {
    let fixture = Fixture()
    let link = await fixture.link(1)
    _ = await link.welcome(heartbeatEvery: .milliseconds(50))
    for sequence in 1...3 as ClosedRange<UInt64> {
      _ = await link.sent.first { if case .heartbeat(let beat) = $0 { beat.sequence == sequence } else { false } }
      await link.events.received([.heartbeatAck(sequence: sequence)], on: 1)
    }
    fixture.driver.abandon()
    fixture.driver.close()
  }

  @Test func resultsAreRepeatedOnTheNextStream() async throws {
    let fixture = Fixture()
    let first = await fixture.link(1)
    _ = await first.welcome()
    let job = assignment(.noop(duration: .zero))
    await first.events.received([.dispatch(job)], on: 1)
    _ = await first.result(job.attempt)
    first.events.closed(1, wasOpen: true)

    let second = await fixture.link(2)
    let hello = try #require(await second.welcome())
    #expect(hello.inventory.map(\.attempt) == [job.attempt])
    #expect(await second.result(job.attempt)?.outcome == .succeeded)
    fixture.driver.abandon()
    fixture.driver.close()
  }

  /// Tells what it is asked, and ends attempts when the test wants.
  private final class ManualRunner: AttemptRunner {
    let type = "shell"
    let started = Collector<Assignment>()
    let stopped = Collector<KillReason>()
    let logs: LogBook
    init(_ logs: LogBook) { self.logs = logs }
    func start(_ assignment: Assignment) {
      logs.open(assignment.attempt)
      started.append(assignment)
    }
    func stop(_ ref: AttemptRef, _ reason: KillReason) { stopped.append(reason) }
    func shutdown() async {}
  }

  @Test func theResultComesAfterTheLog() async throws {
    let runner = Mutex<ManualRunner?>(nil)
    let fixture = Fixture(processors: ["shell"]) { _, logs in
      let manual = ManualRunner(logs)
      runner.withLock { $0 = manual }
      return [manual]
    }
    let link = await fixture.link(1)
    _ = await link.welcome()
    let job = assignment(shell("true"))
    await link.events.received([.dispatch(job)], on: 1)
    let manual = try #require(runner.withLock { $0 })
    _ = await manual.started.first { $0.attempt == job.attempt }
    let now = SystemClock.wall()
    fixture.inbox.reports(.started(job.attempt, at: now))
    _ = await link.sent.first { $0 == .accepted(job.attempt, startedAt: now) }

    Array("live\n".utf8).withUnsafeBytes { fixture.logs.append($0, to: job.attempt) }
    _ = await link.sent.first { if case .log(let chunk) = $0 { chunk.bytes == Array("live\n".utf8) } else { false } }
    Array("last\n".utf8).withUnsafeBytes { fixture.logs.append($0, to: job.attempt) }
    fixture.logs.close(job.attempt)
    fixture.inbox.reports(.ended(job.result(.succeeded, startedAt: now, endedAt: now)))
    _ = await link.result(job.attempt)
    var text = ""
    for message in link.sent.all {
      if case .log(let chunk) = message { text += String(decoding: chunk.bytes, as: UTF8.self) }
      if case .result = message { text += "." }
    }
    #expect(text == "live\nlast\n.")

    // Another stream: the log again, from its acknowledged offset, and before the result.
    await link.events.received([.logAck(job.attempt, offset: 5)], on: 1)
    link.events.closed(1, wasOpen: true)
    let second = await fixture.link(2)
    _ = await second.welcome()
    _ = await second.result(job.attempt)
    let chunks = second.sent.all.compactMap { if case .log(let chunk) = $0 { chunk } else { nil } }
    #expect(chunks.map(\.offset) == [5])
    fixture.driver.abandon()
    fixture.driver.close()
  }

  @Test func theLeaseEndsWhatRuns() async throws {
    let runner = Mutex<ManualRunner?>(nil)
    let fixture = Fixture(processors: ["shell"]) { _, logs in
      let manual = ManualRunner(logs)
      runner.withLock { $0 = manual }
      return [manual]
    }
    let link = await fixture.link(1)
    _ = await link.welcome(lease: .seconds(2))
    await link.events.received([.dispatch(assignment(shell("sleep 1000")))], on: 1)
    let manual = try #require(runner.withLock { $0 })
    // Heartbeats are not acknowledged.
    #expect(await manual.stopped.first { _ in true } == .isolated)
    fixture.driver.abandon()
    fixture.driver.close()
  }

  @Test func aJudgedIncarnationBecomesAnother() async throws {
    let fixture = Fixture()
    let link = await fixture.link(1)
    _ = await link.welcome()
    await link.events.received([.refused(.judged, message: "lost")], on: 1)
    let hello = try #require(await fixture.link(2).welcome())
    #expect(hello.ref.incarnation == 10)
    fixture.driver.abandon()
    try await fixture.driver.finished()
    fixture.driver.close()
  }

  @Test func manyNoopsAreCheap() async throws {
    let fixture = Fixture()
    let link = await fixture.link(1)
    _ = await link.welcome()
    let count: UInt64 = 4_000
    let begin = SystemClock.boot()
    for batch in 0..<(count / 100) {
      let jobs = (0..<100).map { assignment(.noop(duration: .zero), instance: batch * 100 + $0 + 1) }
      await link.events.received(jobs.map { .dispatch($0) }, on: 1)
      await link.events.received(jobs.map { .resultAck($0.attempt) }, on: 1)
    }
    _ = await link.result(AttemptRef(instance: InstanceID(rawValue: count), attempt: 1))
    let rate = Double(count) / (SystemClock.boot() - begin).seconds
    #expect(rate > 500)
    fixture.driver.abandon()
    fixture.driver.close()
  }
}
