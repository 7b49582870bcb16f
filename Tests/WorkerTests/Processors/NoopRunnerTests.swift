import SwitchyardCore
import SwitchyardModel
import SwitchyardSystem
import Testing

@testable import SwitchyardWorker

@Suite(.timeLimit(.minutes(1)))
struct NoopRunnerTests {
  private func make() -> (NoopRunner, Attempts) {
    let attempts = Attempts()
    let reports = attempts.reports
    return (NoopRunner(report: { reports.append($0) }), attempts)
  }

  @Test func succeedsAtOnce() {
    let (runner, attempts) = make()
    for instance in 1...1000 { runner.start(assignment(.noop(duration: .zero), instance: UInt64(instance))) }
    // No waiting: the answer is there when `start` returns.
    let outcomes = attempts.reports.all.compactMap { if case .ended(let result) = $0 { result.outcome } else { nil } }
    #expect(outcomes == Array(repeating: .succeeded, count: 1000))
  }

  @Test func succeedsAfterItsTime() async {
    let (runner, attempts) = make()
    let job = assignment(.noop(duration: .milliseconds(30)))
    let begin = SystemClock.boot()
    runner.start(job)
    let result = await attempts.result(job.attempt)
    #expect(result.outcome == .succeeded)
    #expect(SystemClock.boot() - begin >= .milliseconds(30))
    #expect(result.startedAt != nil)
  }

  @Test func timesOut() async {
    let (runner, attempts) = make()
    let job = assignment(.noop(duration: .seconds(1000)), timeout: .milliseconds(20))
    runner.start(job)
    let result = await attempts.result(job.attempt)
    #expect(result.outcome == .timedOut)
    #expect(result.detail == "timed out after 20ms")
  }

  @Test func stopsAndForgetsManyTimers() async {
    let (runner, attempts) = make()
    for instance in 1...5000 {
      let job = assignment(.noop(duration: .seconds(1000)), instance: UInt64(instance))
      runner.start(job)
      runner.stop(job.attempt, instance % 2 == 0 ? .stopped : .isolated)
    }
    let last = assignment(.noop(duration: .milliseconds(1)), instance: 6000)
    runner.start(last)
    #expect(await attempts.result(last.attempt).outcome == .succeeded)
    let even = await attempts.result(AttemptRef(instance: InstanceID(rawValue: 4000), attempt: 1))
    let odd = await attempts.result(AttemptRef(instance: InstanceID(rawValue: 4001), attempt: 1))
    #expect(even.outcome == .stopped)
    #expect(odd.outcome == .isolated)
  }
}
