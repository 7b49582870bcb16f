package import Logging
import ServiceLifecycle
import SwitchyardCore
package import SwitchyardModel
package import SwitchyardPlugins
import SwitchyardSystem
import Synchronization

/// A worker: takes attempts from a server and runs them, until it is told to go.
///
/// A graceful shutdown drains: nothing new is taken, what runs may finish within `drainTimeout`, and is killed then.
package final class WorkerService: Service {
  private let configuration: WorkerConfiguration
  private let registry: PluginRegistry?
  private let logger: Logger
  private let driver = Mutex<AgentDriver?>(nil)

  /// - Parameter registry: of plugins, when the process has one already; nil: the worker makes its own.
  /// - Throws: `FieldErrors` that name the settings that are wrong.
  package init(
    configuration: WorkerConfiguration, registry: PluginRegistry? = nil, logger: Logger
  ) throws(FieldErrors) {
    try configuration.validate()
    self.configuration = configuration
    self.registry = registry
    var logger = logger
    logger[metadataKey: "worker"] = "\(configuration.name)"
    self.logger = logger
  }

  /// Nil before it has begun to connect.
  package var status: AgentStatus? { driver.withLock { $0 }?.status }

  /// - Throws: ``WorkerError`` when it cannot begin or go on.
  package func run() async throws {
    let directory = try DataDirectory(path: configuration.dataDirectory)
    guard try await waitForLock(of: directory) else { return }
    try directory.clearRun()
    // Whoever lends a registry has said where reports go.
    if registry == nil, !configuration.metrics.isEmpty {
      CrashReport.install(file: "\(directory.path)/plugin-crash.txt")
    }
    let inbox = AgentInbox()
    let metrics = try await MetricsStrategies(configuration, registry: registry, logger: logger) {
      inbox.post(.metrics($0))
    }
    defer { metrics.stop() }
    let run = try WorkerRun(
      configuration: configuration, directory: directory, metrics: metrics, inbox: inbox, logger: logger)
    driver.withLock { $0 = run.driver }
    try await run.run()
  }

  /// Waits until nothing of an earlier start runs any more.
  ///
  /// - Returns: false if told to shut down meanwhile.
  private func waitForLock(of directory: DataDirectory) async throws -> Bool {
    let begin = SystemClock.boot()
    var said = begin
    while !directory.takeLock() {
      let now = SystemClock.boot()
      guard now - begin < configuration.lockTimeout else {
        throw WorkerError(
          .stillRunning,
          "\(directory.path): attempts of an earlier start of this worker still run after \(configuration.lockTimeout). "
            + "Look for switchyard-shim processes that are stopped or whose job cannot be killed, "
            + "or start with another data directory and name")
      }
      if now - said >= .seconds(5) || said == begin {
        logger.notice(
          "waiting for attempts of an earlier start to end",
          metadata: ["waited": "\(Span.seconds((now - begin).nanoseconds / 1_000_000_000))"])
        said = now
      }
      do {
        try await cancelWhenGracefulShutdown { try await Task.sleep(for: .milliseconds(50)) }
      } catch is CancellationError {
        return false
      }
    }
    return true
  }
}
