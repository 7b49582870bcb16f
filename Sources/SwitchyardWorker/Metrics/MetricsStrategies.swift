import Logging
import SwitchyardModel
import SwitchyardPlugins

/// The SystemMetrics strategies of a worker: what it says of itself beyond its settings.
struct MetricsStrategies: Sendable {
  private let runner: MetricsRunner?

  /// Loads what is configured, and begins to measure.
  ///
  /// - Parameters:
  ///   - registry: shared with others in this process; nil: one of its own, if there is something to load.
  ///   - changed: gets what has changed, from any thread.
  /// - Throws: ``WorkerError`` that names the plugin.
  init(
    _ configuration: WorkerConfiguration, registry: PluginRegistry?, logger: Logger,
    changed: @escaping @Sendable (WorkerMetrics) -> Void
  ) async throws(WorkerError) {
    guard !configuration.metrics.isEmpty else {
      runner = nil
      return
    }
    do throws(PluginError) {
      let registry = if let registry { registry } else { try Self.registry(configuration, logger) }
      if let directory = configuration.pluginDirectory { _ = await registry.scanning(directory) }
      runner = try MetricsRunner(
        registry: registry, strategies: configuration.metrics, period: configuration.metricsEvery, changed: changed)
    } catch {
      throw WorkerError(.invalidConfiguration, "metrics: \(error)")
    }
    await runner?.start()
  }

  var site: String? { Self.name(runner?.site) }
  var rack: String? { Self.name(runner?.rack) }
  var weight: Double? { runner?.weight.flatMap { (0...1e6).contains($0) ? $0 : nil } }

  func stop() { runner?.stop() }

  /// What a plugin says must not make the server refuse the worker.
  private static func name(_ text: String?) -> String? {
    text.flatMap { NameRule.tag($0) == nil ? $0 : nil }
  }

  private static func registry(_ configuration: WorkerConfiguration, _ logger: Logger) throws(PluginError)
    -> PluginRegistry
  {
    try PluginRegistry(
      PluginRegistry.Options(
        directory: configuration.dataDirectory,
        probe: configuration.pluginHostPath.map { PluginProbe(program: $0) } ?? .beside(),
        log: { line in
          let level: Logger.Level =
            switch line.level {
            case .debug: .debug
            case .info: .info
            case .warning: .warning
            case .error: .error
            }
          logger.log(level: level, "\(line.text)", metadata: ["plugin": "\(line.plugin)"])
        }))
  }
}
