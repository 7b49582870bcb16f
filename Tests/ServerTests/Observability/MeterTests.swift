import SwitchyardCore
import SwitchyardModel
import Testing

@testable import SwitchyardServer

@Suite struct MeterTests {
  private func entered(_ state: InstanceState, _ app: String) -> ClusterEvent {
    .core(
      .instance(InstanceID(rawValue: 1), job: JobID(rawValue: 1), app: app, state: state, attempt: 1, worker: nil))
  }

  @Test func countsByAppAndState() {
    let meter = Meter()
    meter.consume(
      [entered(.dispatched, "a"), entered(.succeeded, "a"), entered(.succeeded, "b"), .core(.counted("x"))],
      at: Timestamp(seconds: 0))
    let all = meter.values.transitions.all.filter { $0.count > 0 }.map { "\($0.app) \($0.state) \($0.count)" }
    #expect(all == ["a dispatched 1", "a succeeded 1", "b succeeded 1"])
    #expect(meter.counters == ["instances.dispatched": 1, "instances.succeeded": 2, "x": 1])
  }

  @Test func appsBeyondTheLimitAreOne() {
    let meter = Meter()
    for number in 0..<(AppLabels.limit + 50) {
      meter.consume([entered(.waiting, "app-\(number)"), entered(.waiting, "app-0")], at: Timestamp(seconds: 0))
    }
    let waiting = meter.values.transitions.all.filter { $0.state == .waiting }
    #expect(waiting.count == AppLabels.limit + 1)
    #expect(waiting.first { $0.app == AppLabels.other }?.count == 50)
    #expect(waiting.first { $0.app == "app-0" }?.count == UInt64(AppLabels.limit) + 51)
  }
}
