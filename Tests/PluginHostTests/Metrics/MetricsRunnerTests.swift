import PluginFixtures
import SwitchyardModel
import SwitchyardPlugins
import Synchronization
import Testing

struct MetricsRunnerTests {
  let fixtures: PluginFixtures
  let registry: PluginRegistry

  init() throws {
    fixtures = try PluginFixtures()
    registry = try fixtures.registry(probing: false)
    try registry.load(try fixtures.compile("puppet"))
  }

  /// Runs the puppet until what it reported satisfies the condition.
  private func run(_ configuration: String, until: @escaping @Sendable ([WorkerMetrics]) -> Bool) async throws -> (
    MetricsRunner, [WorkerMetrics]
  ) {
    let (stream, continuation) = AsyncStream.makeStream(of: WorkerMetrics.self)
    let runner = try MetricsRunner(
      registry: registry, strategies: [.init(plugin: "test.puppet", configuration: configuration)],
      period: .milliseconds(100)
    ) { continuation.yield($0) }
    await runner.start()
    var seen: [WorkerMetrics] = []
    for await delta in stream {
      seen.append(delta)
      if until(seen) { break }
    }
    return (runner, seen)
  }

  @Test func theFirstReportIsWholeAndTheNextOnlyWhatChanged() async throws {
    let (runner, seen) = try await run(#"{"metrics": "some"}"#) { $0.count == 2 }
    #expect(runner.site == "west" && runner.current.tags == ["puppet"])
    #expect(
      seen[0].numbers.map(\.name) == ["answer", "cpu", "rounds"] && seen[0].texts == [Label(key: "site", text: "west")])
    #expect(seen[1].numbers == [.init(name: "rounds", value: 2)] && seen[1].texts.isEmpty && seen[1].tags == nil)
    runner.stop()
  }

  @Test func whatAFailingStrategySaidIsForgottenAfterThreePeriods() async throws {
    let (runner, seen) = try await run(#"{"metrics": "fail-later"}"#) { $0.count == 2 }
    #expect(
      seen[1].numbers.allSatisfy { $0.value.isNaN } && seen[1].texts == [Label(key: "site", text: "")]
        && seen[1].tags == [])
    #expect(runner.site == nil)
    #expect(registry.statistics().first?.errors ?? 0 >= 3)
    #expect(registry.statistics().first?.lastError?.contains("sensor") == true)
    runner.stop()
  }

  @Test func badNamesAreDroppedAndCounted() async throws {
    let (runner, seen) = try await run(#"{"metrics": "bad-names"}"#) { !$0.isEmpty }
    #expect(seen[0].numbers.map(\.name) == ["answer", "cpu", "rounds"])
    #expect(registry.statistics().first?.lastError?.contains("3 values") == true)
    runner.stop()
  }

  @Test func aMissingOrRefusingStrategyIsAnError() throws {
    #expect(throws: PluginError.self) {
      try MetricsRunner(registry: registry, strategies: [.init(plugin: "test.none")]) { _ in }
    }
    #expect(throws: PluginError.self) {
      try MetricsRunner(
        registry: registry, strategies: [.init(plugin: "test.puppet", configuration: #"{"x":1}"#)]
      ) { _ in }
    }
  }
}
