import CPluginHost
import CSwitchyard
package import SwitchyardModel
import Synchronization

/// Runs the strategies that measure this machine, each on a thread of its own, and merges what they say.
package final class MetricsRunner: Sendable {
  private let instances: [PluginInstance]
  private let period: Int64?
  private let merge: Mutex<MetricsMerge>
  private let changed: @Sendable (WorkerMetrics) -> Void
  private let answeredOnce = Semaphore()
  private let stops: [Semaphore]
  private let isStopped = Atomic<Bool>(false)
  private let isStarted = Atomic<Bool>(false)

  /// Creates and activates the instances; blocks until that is done.
  ///
  /// - Parameters:
  ///   - strategies: which plugins, with their configurations; of one name the later in the list wins.
  ///   - period: how often; nil: as the plugin wishes. At least 100 ms.
  ///   - changed: what has changed since the last call (absent names keep their value; NaN and empty text: no longer
  ///     known; tags: all of them). Called from one of the threads, one call at a time; it must not call back into the
  ///     runner.
  package init(
    registry: PluginRegistry, strategies: [Policy.Strategy], period: Span? = nil,
    changed: @escaping @Sendable (WorkerMetrics) -> Void
  ) throws(PluginError) {
    var made: [PluginInstance] = []
    do throws(PluginError) {
      for strategy in strategies {
        made.append(
          try PluginInstance.make(
            try registry.plugin(strategy.plugin, as: .metrics), for: .init(role: .metrics),
            configuration: strategy.configuration, services: registry.services(),
            timeout: registry.options.controlTimeout))
      }
    } catch {
      for instance in made { instance.retire() }
      throw error
    }
    instances = made
    self.period = period?.nanoseconds
    merge = Mutex(MetricsMerge(count: made.count))
    self.changed = changed
    stops = made.map { _ in Semaphore() }
  }

  /// Starts to measure. Returns when every strategy has answered once, or after `timeout`.
  package func start(timeout: Span = .seconds(2)) async {
    guard !isStarted.exchange(true, ordering: .acquiringAndReleasing) else { return }
    for (index, instance) in instances.enumerated() {
      let isRunning = DedicatedThread.start("metrics-\(index)") { self.run(instance, index) }
      if !isRunning { answeredOnce.post() }
    }
    let (count, ready) = (instances.count, answeredOnce)
    let until = HostClock.now + timeout.nanoseconds
    await withBlockingThread {
      for _ in 0..<count { ready.wait(until: until) }
    }
  }

  /// All that is known now: for the first heartbeat.
  package var current: WorkerMetrics { merge.withLock { $0.current } }
  /// What the strategies report of these, for `WorkerProfile`.
  package var site: String? { merge.withLock { $0.text("site") } }
  package var rack: String? { merge.withLock { $0.text("rack") } }
  package var weight: Double? { merge.withLock { $0.number("weight") } }

  /// Stops measuring and lets go of the instances. Returns at once; `changed` may be called once more.
  package func stop() {
    guard !isStopped.exchange(true, ordering: .acquiringAndReleasing) else { return }
    for stop in stops { stop.post() }
    if !isStarted.exchange(true, ordering: .acquiringAndReleasing) {
      for instance in instances { instance.retire() }
    }
  }

  private func run(_ instance: PluginInstance, _ index: Int) {
    defer { instance.retire() }
    guard let metrics = instance.plugin.tables.metrics, let collect = metrics.collect else { return }
    let wished = metrics.period_ns > 0 ? metrics.period_ns : Span.seconds(5).nanoseconds
    let every = max(period ?? wished, Span.milliseconds(100).nanoseconds)
    let counters = instance.plugin.counters
    let error = ErrorBuffer()
    var failures = 0
    var isFirst = true
    while !isStopped.load(ordering: .acquiring) {
      let sink = MetricsSink()
      error.clear()
      let start = HostClock.now
      ph_enter(instance.plugin.crashName, ("collect" as StaticString).text)
      let status = sink.with { collect(instance.pointer, start, $0, error.pointer) }
      ph_leave()
      counters.called(time: HostClock.now - start, budget: every)
      if status == 0 {
        failures = 0
        if sink.dropped > 0 { counters.failed("\(sink.dropped) values with bad names or numbers were dropped") }
        put(.init(numbers: sink.numbers, texts: sink.texts, tags: sink.tags), index)
      } else {
        failures += 1
        counters.failed("collect: \(error.isEmpty ? statusText(status) : error.message)")
        // What it said last stays for three periods.
        if failures == 3 { put(.init(), index) }
      }
      if isFirst { answeredOnce.post() }
      isFirst = false
      stops[index].wait(until: start + every)
    }
  }

  private func put(_ report: MetricsMerge.Report, _ index: Int) {
    // Under the lock, so that two threads cannot hand on their changes in the wrong order.
    merge.withLock { merge in
      let delta = merge.put(report, from: index)
      if !delta.isEmpty { changed(delta) }
    }
  }
}
