import Logging
import ServiceLifecycle
import SwitchyardCore
import SwitchyardModel
import SwitchyardSystem

/// One incarnation of the process: its parts, put together, run and taken apart.
struct WorkerRun {
  let driver: AgentDriver
  private let links: GRPCLinks
  private let runners: [any AttemptRunner]
  private let configuration: WorkerConfiguration
  private let logger: Logger

  /// - Parameter directory: its lock has been taken.
  init(
    configuration: WorkerConfiguration, directory: DataDirectory, metrics: MetricsStrategies, inbox: AgentInbox,
    logger: Logger
  ) throws {
    self.configuration = configuration
    self.logger = logger
    if configuration.processors.contains("shell") { OpenFiles.makeRoom(forAttempts: configuration.slots) }
    let logs = LogBook(limits: configuration.logLimits, announce: inbox.logsWaiting)
    let deadline = try DeadlinePage()
    runners = try Self.runners(configuration, directory, deadline, logs, inbox.reports, logger)
    links = GRPCLinks(
      servers: configuration.servers, tls: configuration.tls, token: configuration.token, logger: logger)

    let incarnation = try directory.nextIncarnation(at: SystemClock.wall())
    driver = AgentDriver(
      name: configuration.name, lineage: directory.lineage, incarnation: incarnation,
      profile: Self.profile(configuration, metrics), inbox: inbox,
      surroundings: AgentSurroundings(
        links: links, runners: runners, logs: logs, setDeadline: { deadline.set($0) },
        nextIncarnation: { try directory.nextIncarnation(at: SystemClock.wall()) }, logger: logger))
    logger.info("starting", metadata: ["incarnation": "\(incarnation)", "slots": "\(configuration.slots)"])
  }

  /// Runs until drained, cancelled or unable to go on; nothing of it runs when this returns.
  func run() async throws {
    defer {
      driver.close()
      logger.info("ended")
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await links.run() }
      driver.start()
      let outcome = await untilFinished()
      driver.closeLinks()
      links.finish()
      for runner in runners { await runner.shutdown() }
      // The streams may still have a good-bye to send.
      try await group.waitForAll()
      try outcome.get()
    }
  }

  private func untilFinished() async -> Result<Void, any Error> {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await drainAtShutdown() }
      defer { group.cancelAll() }
      do {
        return .success(try await driver.finished())
      } catch {
        return .failure(error)
      }
    }
  }

  private func drainAtShutdown() async {
    do {
      try await gracefulShutdown()
      logger.info("draining", metadata: ["running": "\(driver.status.running)"])
      driver.drain()
      let deadline = SystemClock.boot() + configuration.drainTimeout
      // Without a server there is nobody to say good-bye to.
      let patience = SystemClock.boot() + .seconds(3)
      while SystemClock.boot() < deadline {
        let status = driver.status
        if status.holdsNothing, !status.isConnected, SystemClock.boot() >= patience { return driver.abandon() }
        try await Task.sleep(for: .milliseconds(50))
      }
      logger.warning("killing what still runs", metadata: ["running": "\(driver.status.running)"])
      driver.killAll()
      try await Task.sleep(for: .seconds(5))
      driver.abandon()
    } catch {
      // Cancelled: the agent has finished.
    }
  }

  private static func runners(
    _ configuration: WorkerConfiguration, _ directory: DataDirectory, _ deadline: DeadlinePage, _ logs: LogBook,
    _ report: @escaping AttemptReports, _ logger: Logger
  ) throws -> [any AttemptRunner] {
    try configuration.processors.map { type in
      switch type {
      case "shell":
        let settings = ShellSettings(
          shimPath: configuration.shimPath, cgroupPath: configuration.cgroupPath, worker: configuration.name,
          environment: configuration.environment, logger: logger)
        return try ShellRunner(
          settings: settings, directory: directory, deadline: deadline, logs: logs, report: report)
      case "http": return HTTPRunner(policy: try configuration.addressPolicy, report: report)
      case "noop": return NoopRunner(report: report)
      default: throw WorkerError(.invalidConfiguration, "processors: \(quoted(type)) is not known")
      }
    }
  }

  private static func profile(_ configuration: WorkerConfiguration, _ metrics: MetricsStrategies) -> WorkerProfile {
    WorkerProfile(
      apps: configuration.apps, slots: configuration.slots, tags: configuration.tags, labels: configuration.labels,
      processors: configuration.processors, weight: configuration.weight ?? metrics.weight ?? 1,
      site: configuration.site ?? metrics.site, rack: configuration.rack ?? metrics.rack,
      version: configuration.version)
  }
}
