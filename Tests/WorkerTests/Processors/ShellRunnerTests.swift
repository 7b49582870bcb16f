import Foundation
import Glibc
import SwitchyardCore
import SwitchyardModel
import SwitchyardSystem
import Testing

@testable import SwitchyardWorker

@Suite(.timeLimit(.minutes(2)))
struct ShellRunnerTests {
  @Test(arguments: [
    ("exit 0", AttemptOutcome.succeeded, String?.none),
    ("exit 3", .failed, "exit code 3"),
    ("kill -9 $$", .failed, "killed by signal 9 (KILL)"),
    ("kill -TERM $$", .failed, "killed by signal 15 (TERM)"),
    ("sleep 100 & exit 4", .failed, "exit code 4; 1 process that it left killed"),
  ])
  func tellsHowItEnded(script: String, outcome: AttemptOutcome, detail: String?) async throws {
    let fixture = try ShellFixture()
    let result = await fixture.run(assignment(shell(script)))
    #expect(result.outcome == outcome)
    #expect(result.detail == detail)
    #expect(result.startedAt != nil)
    #expect(try #require(result.startedAt) <= result.endedAt)
    await fixture.runner.shutdown()
  }

  @Test func tellsWhyItCannotStart() async throws {
    let fixture = try ShellFixture()
    let missing = Processor.shell(ShellCommand(arguments: ["no-such-program"]))
    let result = await fixture.run(assignment(missing))
    #expect(result.outcome == .failed)
    #expect(result.startedAt == nil)
    #expect(result.detail == "cannot run \"no-such-program\": No such file or directory")

    let elsewhere = await fixture.run(assignment(shell("true", directory: "/nowhere"), instance: 8))
    #expect(elsewhere.detail == "cannot enter the directory \"/nowhere\": No such file or directory")

    let nul = await fixture.run(assignment(shell("true", environment: [Label(key: "A", text: "a\0b")]), instance: 9))
    #expect(nul.outcome == .failed)
    #expect(nul.detail == "arguments and environment must not contain NUL characters")

    let long = await fixture.run(
      assignment(
        shell("true", environment: [Label(key: "A", text: String(repeating: "x", count: 200_000))]), instance: 10))
    #expect(long.outcome == .failed)
    #expect(long.detail?.contains("Argument list too long") == true)
    await fixture.runner.shutdown()
    #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.directory.runPath).isEmpty)
  }

  @Test func stopIsPoliteFirst() async throws {
    let fixture = try ShellFixture()
    let polite = assignment(shell("trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done"))
    fixture.runner.start(polite)
    _ = await fixture.attempts.startedAt(polite.attempt)
    fixture.runner.stop(polite.attempt, .stopped)
    let result = await fixture.attempts.result(polite.attempt)
    #expect(result.outcome == .stopped)
    #expect(result.detail?.hasPrefix("stopped; ") == true)
    await fixture.runner.shutdown()
  }

  @Test func stopKillsAfterTheGrace() async throws {
    let fixture = try ShellFixture()
    let ready = fixture.temporary.path + "/ready"
    let stubborn = assignment(
      shell("trap '' TERM; echo ready > \(ready); while :; do sleep 0.01; done"), grace: .milliseconds(100))
    fixture.runner.start(stubborn)
    _ = try await contents(of: ready)
    fixture.runner.stop(stubborn.attempt, .stopped)
    let result = await fixture.attempts.result(stubborn.attempt)
    #expect(result.outcome == .stopped)
    #expect(result.detail?.hasPrefix("stopped; killed by signal 9 (KILL)") == true)
    await fixture.runner.shutdown()
  }

  @Test func timeoutKillsGrandchildrenToo() async throws {
    let fixture = try ShellFixture()
    let file = fixture.temporary.path + "/pid"
    let job = assignment(
      shell("setsid sh -c 'sleep 1000 & echo $! > \(file).new; mv \(file).new \(file); wait' & wait"),
      timeout: .milliseconds(300), grace: .milliseconds(50))
    let result = await fixture.run(job)
    #expect(result.outcome == .timedOut)
    #expect(result.detail?.hasPrefix("timed out after 300ms; killed by signal") == true)
    let grandchild = try #require(pid_t(try await contents(of: file)))
    #expect(kill(grandchild, 0) != 0)
    await fixture.runner.shutdown()
  }

  @Test func isolationKillsAtOnce() async throws {
    let fixture = try ShellFixture()
    let job = assignment(shell("trap '' TERM; sleep 1000"), grace: .seconds(1000))
    fixture.runner.start(job)
    _ = await fixture.attempts.startedAt(job.attempt)
    fixture.runner.stop(job.attempt, .isolated)
    #expect(await fixture.attempts.result(job.attempt).outcome == .isolated)
    await fixture.runner.shutdown()
  }

  @Test func theDeadlineKillsWithoutTheWorker() async throws {
    let fixture = try ShellFixture()
    let fenced = assignment(shell("sleep 1000"))
    let free = assignment(shell("sleep 1000"), instance: 8, whenIsolated: .continue)
    fixture.runner.start(free)
    _ = await fixture.attempts.startedAt(free.attempt)
    fixture.deadline.set(SystemClock.boot() + .milliseconds(300))
    fixture.runner.start(fenced)
    #expect(await fixture.attempts.result(fenced.attempt).outcome == .isolated)
    let late = await fixture.run(assignment(shell("true"), instance: 9))
    #expect(late.outcome == .isolated)
    #expect(late.detail == "not started: the worker's lease had run out")

    fixture.runner.stop(free.attempt, .stopped)
    #expect(await fixture.attempts.result(free.attempt).outcome == .stopped)
    await fixture.runner.shutdown()
  }

  @Test func killingTheShimLeavesNothing() async throws {
    let fixture = try ShellFixture()
    let file = fixture.temporary.path + "/pids"
    let job = assignment(shell("setsid sleep 1000 & echo $PPID $! > \(file).new; mv \(file).new \(file); wait"))
    fixture.runner.start(job)
    let numbers = try await contents(of: file).split(separator: " ").compactMap { pid_t($0) }
    try #require(numbers.count == 2)
    kill(numbers[0], SIGKILL)
    let result = await fixture.attempts.result(job.attempt)
    #expect(result.outcome == .failed)
    #expect(result.detail == "the shim ended before its attempt: killed by signal 9 (KILL)")
    try await waitForEnd(of: numbers[1])
    await fixture.runner.shutdown()
  }

  @Test func shutdownKillsWhatRuns() async throws {
    let fixture = try ShellFixture()
    let jobs = (1...5).map { assignment(shell("sleep 1000"), instance: UInt64($0)) }
    for job in jobs { fixture.runner.start(job) }
    for job in jobs { _ = await fixture.attempts.startedAt(job.attempt) }
    await fixture.runner.shutdown()
    for job in jobs { #expect(await fixture.attempts.result(job.attempt).outcome == .isolated) }
  }

  @Test func holdsTheLockOfItsDirectory() async throws {
    let fixture = try ShellFixture()
    let job = assignment(shell("sleep 1000"))
    fixture.runner.start(job)
    _ = await fixture.attempts.startedAt(job.attempt)
    let file = open(fixture.temporary.path + "/data/worker.lock", O_RDWR | O_CLOEXEC)
    defer { close(file) }
    #expect(flock(file, LOCK_EX | LOCK_NB) != 0)
    await fixture.runner.shutdown()
  }
}
