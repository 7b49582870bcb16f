import ArgumentParser
import Foundation
import Logging
import ServiceLifecycle
import SwitchyardModel
import SwitchyardServer
import SwitchyardWorker
import UnixSignals

struct Dev: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a server and workers in this process, until SIGTERM or Ctrl-C.",
    discussion: """
      Everything is in one directory. Strategies dropped into DATA/plugins are found
      by `switchyard plugin list`. The workers are dev-1, dev-2, … on the site `dev`.
      """)

  @OptionGroup var flags: ServerFlags
  @Option(name: .long, help: "How many workers.") var workers = 2
  @Option(name: .long, help: "Slots of each worker.") var slots: UInt32 = 8

  func validate() throws {
    guard (0...64).contains(workers) else { throw ValidationError("--workers must be 0 to 64.") }
    let range = WorkerProfile.slotRange
    guard range.contains(slots) else {
      throw ValidationError("--slots must be \(range.lowerBound) to \(range.upperBound).")
    }
  }

  func run() async throws {
    let source = try Settings()
    let settings = try flags.settings(source)
    guard settings.tls == .off else {
      throw CLIError(
        "tls-…: all of `switchyard dev` is one process; for TLS run `switchyard server` and `switchyard worker`")
    }
    let logger = try makeLogger("switchyard", flags.logLevel, source)
    try FileManager.default.createDirectory(
      atPath: "\(settings.dataDirectory)/plugins", withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700])
    let crew = DevWorkers(settings: settings, count: workers, slots: slots, logger: logger)
    let server = SwitchyardServer(settings: settings, logger: logger) { addresses in
      crew.begin(addresses.grpc)
      print(
        """
        switchyard dev ready: http://\(addresses.http), \(workers) workers, data in \(settings.dataDirectory)
        strategies: drop *.so into \(settings.dataDirectory)/plugins
        """)
      flushOutput()
    }
    // Workers go first at the end, while there still is a server to take their results.
    try await ServiceGroup(
      services: [server, crew, SecondSignal()], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
    ).run()
  }
}

/// The workers of `switchyard dev`: they begin when the server says where it listens.
final class DevWorkers: Service {
  private let settings: ServerSettings
  private let count: Int
  private let slots: UInt32
  private let logger: Logger
  private let (addresses, announce) = AsyncStream.makeStream(of: ListenAddress.self)

  init(settings: ServerSettings, count: Int, slots: UInt32, logger: Logger) {
    self.settings = settings
    self.count = count
    self.slots = slots
    self.logger = logger
  }

  func begin(_ server: ListenAddress) { announce.yield(server) }

  func run() async throws {
    var address: ListenAddress?
    for await first in addresses.cancelOnGracefulShutdown() {
      address = first
      break
    }
    guard let address, count > 0 else {
      try? await gracefulShutdown()
      return
    }
    let token = try String(contentsOfFile: "\(settings.dataDirectory)/worker-token", encoding: .utf8)
    try await withThrowingTaskGroup { group in
      for number in 1...count {
        var configuration = WorkerConfiguration(
          name: "dev-\(number)",
          dataDirectory: URL(fileURLWithPath: "\(settings.dataDirectory)/worker-\(number)").standardizedFileURL.path,
          servers: [ServerAddress(host: address.host, port: address.port)],
          token: token.trimmingCharacters(in: .whitespacesAndNewlines),
          shimPath: Installation.program("switchyard-shim"))
        configuration.slots = slots
        configuration.site = "dev"
        configuration.version = Switchyard.version
        configuration.environment = ProcessInfo.processInfo.environment.filter {
          ["PATH", "HOME", "LANG"].contains($0.key)
        }
        configuration.drainTimeout = .seconds(10)
        let worker = try WorkerService(configuration: configuration, logger: logger)
        group.addTask { try await worker.run() }
      }
      try await group.waitForAll()
    }
  }
}
