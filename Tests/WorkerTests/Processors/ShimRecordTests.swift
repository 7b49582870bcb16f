import SwitchyardCore
import SwitchyardModel
import Testing

@testable import SwitchyardWorker

struct ShimRecordTests {
  @Test func readsWhatAShimSays() {
    #expect(
      ShimRecord("started 12 345 tree\n") == .started(process: 12, at: BootTime(nanoseconds: 345), cgroup: false))
    #expect(ShimRecord("survivors 3\n") == .survivors(3))
    #expect(ShimRecord("spawn-failed 2 exec\n") == .spawnFailed(errorNumber: 2, step: "exec"))
    #expect(
      ShimRecord("signal 9 timeout leftover 2 at 77\n")
        == .ended(.init(status: .signal(9), reason: .timeout, leftover: 2, at: BootTime(nanoseconds: 77))))
  }

  @Test(arguments: [
    "", "\n", "started 12 345 tree", "started x 345 tree\n", "started 12 345 bush\n", "exit 0 why leftover 0 at 1\n",
    "exit 0 none leftover 0 at\n", "exit 99999999999 none leftover 0 at 1\n", "survivors\n", "hello\n",
    "spawn-failed 2\n",
  ])
  func refusesAnythingElse(text: String) { #expect(ShimRecord(text) == nil) }

  @Test(arguments: [
    (
      ShimRecord.Reason.stopped, KillReason?.some(.stopped), AttemptOutcome.stopped,
      String?.some("stopped; exit code 0")
    ),
    (.stopped, .isolated, .isolated, "killed because the worker lost its server; exit code 0"),
    (.stopped, nil, .failed, "ended by a signal to its shim; exit code 0"),
    (.timeout, nil, .timedOut, "timed out after 5s; exit code 0"),
    (.timeout, .stopped, .timedOut, "timed out after 5s; exit code 0"),
    (.none, .stopped, .succeeded, nil),
    (.isolated, nil, .isolated, "killed because the worker lost its server; exit code 0"),
  ])
  func outcomeIsOfTheCause(
    reason: ShimRecord.Reason, asked: KillReason?, outcome: AttemptOutcome, detail: String?
  ) {
    let end = ShimRecord.End(status: .exit(0), reason: reason, leftover: 0, at: BootTime(nanoseconds: 1))
    let told = ShellOutcome(end, asked: asked, timeout: .seconds(5))
    #expect(told.outcome == outcome)
    #expect(told.detail == detail)
  }
}
