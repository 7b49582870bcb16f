import Glibc
package import Logging
import ServiceLifecycle
import SwitchyardCore
import SwitchyardModel
import SwitchyardPlacement
import SwitchyardPlugins
import SwitchyardStorage
import SwitchyardStorageSQLite
import SwitchyardSystem

/// A whole server: store, plugins, lanes, core, gRPC for workers, HTTP for people and programs.
///
/// ``run()`` opens everything in order, serves until graceful shutdown, and closes in the reverse order.
package struct SwitchyardServer: Service {
  /// Where it listens, once it does.
  package struct Addresses: Sendable {
    package var http: ListenAddress
    package var grpc: ListenAddress
  }

  let settings: ServerSettings
  let logger: Logger
  let onReady: @Sendable (Addresses) async -> Void

  /// - Parameter onReady: called once both faces listen and the shards are owned.
  package init(
    settings: ServerSettings, logger: Logger, onReady: @escaping @Sendable (Addresses) async -> Void = { _ in }
  ) {
    self.settings = settings
    self.logger = logger
    self.onReady = onReady
  }

  package func run() async throws {
    var options = SQLiteOptions()
    options.notice = { [logger] notice in
      logger.log(level: notice.isTrouble ? .error : .notice, "store", metadata: ["notice": "\(notice)"])
    }
    let store = try SQLiteStore.open(at: settings.dataDirectory, options: options)
    do {
      try await serve(store)
    } catch {
      await store.close()
      throw error
    }
    await store.close()
  }

  /// With the store open, and so with its lock held: no other server lives on this directory.
  private func serve(_ store: SQLiteStore) async throws {
    reportCrashes()
    let tokens = try TokenDirectory(directory: settings.dataDirectory)
    try await tokens.load { try await store.tokens() }
    let server = ServerRef(id: settings.id, incarnation: UInt64(clamping: SystemClock.wall().milliseconds))
    let observers = Observers(incarnation: server.incarnation, logger: logger)
    let plugins = try PluginLibrary(settings: settings, events: observers.bus, logger: logger)
    defer { plugins.registry.removeCopies() }
    let parts = try await Parts(
      server: server, settings: settings, store: store, plugins: plugins, observers: observers, tokens: tokens,
      logger: logger)
    await plugins.scan()
    await parts.placement.restore(try await store.policies())

    var random = SystemRandomNumberGenerator()
    var configuration = ServerConfiguration()
    configuration.heartbeatEvery = settings.heartbeatEvery
    configuration.lease = settings.lease
    configuration.freshLimit = settings.admission.queue
    parts.driver.start(
      ServerCore(
        server: server, configuration: configuration,
        zones: { [zones = parts.zones] name in zones.rules(name) }),
      seed: random.next())

    let api = APIContext(
      server: server, startedAt: SystemClock.wall(), driver: parts.driver, store: store, logs: parts.logs,
      observers: observers, admission: Admission(settings.admission),
      connections: parts.connections, settings: settings, zones: parts.zones, plugins: plugins,
      placement: parts.placement, tokens: tokens)
    let retention = Retention(
      rules: settings.retention, server: server, store: store, logs: parts.logs, observers: observers, logger: logger)
    let forgetting = Task(priority: .low) { await retention.run() }
    defer { forgetting.cancel() }
    let faces = Faces(settings: settings, api: api, tokens: tokens, connections: parts.connections, logger: logger)
    do {
      try await faces.serve(onReady: onReady)
    } catch {
      await shutDown(parts)
      throw error
    }
    await shutDown(parts)
  }

  /// Before the store is closed: nobody may ask it then.
  private func shutDown(_ parts: Parts) async {
    logger.info("shutting down")
    parts.connections.closeAll()
    await parts.driver.shutdown()
    await parts.placement.engine.stop()
    parts.logs.close()
  }
}

extension SwitchyardServer {
  /// A plugin that crashes takes the server with it, but not without a name; the next start says so again.
  private func reportCrashes() {
    let file = "\(settings.dataDirectory)/plugin-crash.txt"
    if let report = try? PrivateFile.read(file), !report.isEmpty {
      logger.critical("the last run ended so", metadata: ["report": "\(report.prefix { $0 != "\n" })"])
      rename(file, file + ".seen")
    }
    CrashReport.install(file: file)
  }

  /// What a server is made of, wired together.
  private struct Parts {
    let driver: ServerDriver
    let placement: EnginePort
    let connections = WorkerConnections()
    let logs: LogStore
    let zones = ZoneFiles()

    init(
      server: ServerRef, settings: ServerSettings, store: SQLiteStore, plugins: PluginLibrary, observers: Observers,
      tokens: TokenDirectory,
      logger: Logger
    ) async throws {
      var random = SystemRandomNumberGenerator()
      // The engine answers the driver, and the driver asks the engine: the driver is known a moment later.
      let mailbox = DriverMailbox()
      let engine = PlacementEngine(
        registry: plugins.registry, options: PlacementOptions(lanes: settings.lanes, seed: random.next()),
        deliver: { results in mailbox.placed(results) },
        viewChanged: { app in mailbox.post(.viewChanged(app: app)) })
      try engine.start()
      placement = EnginePort(engine: engine, events: observers.bus)
      logs = LogStore(directory: "\(settings.dataDirectory)/logs", bound: settings.logBytes) {
        observers.bus.publish(.core(.counted("log.lost")))
      }
      driver = ServerDriver(
        server: server,
        parts: .init(
          store: store, placement: placement, workers: connections, logs: logs, events: observers.bus,
          meter: observers.meter, tokens: tokens),
        logger: logger)
      mailbox.open(driver)
    }
  }
}
