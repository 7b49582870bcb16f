import ArgumentParser
import Foundation
import Logging
import ServiceLifecycle
import SwitchyardModel
import SwitchyardWorker
import UnixSignals

struct WorkerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Run a worker, or list those that servers know.",
    discussion: """
      `switchyard worker` is `switchyard worker run`, whose --help has all the
      options:

        switchyard worker --server HOST:7411 --worker-token-file FILE --site east
      """,
    subcommands: [WorkerRunCommand.self, WorkerList.self], defaultSubcommand: WorkerRunCommand.self)
}

/// The settings of a worker, wherever one is started.
struct WorkerFlags: ParsableArguments {
  @Option(name: .long, help: "Name, unique among workers. [the host's name]") var name: String?
  @Option(name: .long, help: "Directory of this worker alone. [~/.local/share/switchyard/worker-NAME]") var data:
    String?
  @Option(name: .long, help: "A server's address for workers; may be repeated. [127.0.0.1:7411]") var server: [String] =
    []
  @Option(
    name: .long,
    help: "PEM file of who signs the servers' certificates; https:// in front of --server is then not needed.")
  var tlsCa: String?
  @Option(name: .long, help: "PEM file of this worker's own certificate, where servers want one.")
  var tlsCertificate: String?
  @Option(name: .long, help: "PEM file of its key.") var tlsKey: String?
  @Option(name: .long, help: "Copy of the server's DATA/worker-token. [that of a server on this machine]")
  var workerTokenFile: String?
  @Option(name: .long, help: "App to work for; may be repeated. [all]") var apps: [String] = []
  @Option(name: .long, help: "How many slots. [2 for each processor]") var slots: UInt32?
  @Option(name: .long, help: "Tag that jobs can require; may be repeated.") var tag: [String] = []
  @Option(name: .long, help: "KEY=TEXT for strategies; may be repeated.") var label: [String] = []
  @Option(name: .long, help: "Datacenter, zone or room. [what metrics plugins say]") var site: String?
  @Option(name: .long, help: "Rack. [what metrics plugins say]") var rack: String?
  @Option(name: .long, help: "Share of the work under strategies that weigh. [1]") var weight: Double?
  @Option(name: .long, help: "Processor that may run here: shell, http, noop; may be repeated. [all]")
  var processor: [String] = []
  @Option(name: .long, help: "Network that http jobs may call though it is denied by default; may be repeated.")
  var httpAllow: [String] = []
  @Option(
    name: .long, help: "Network that http jobs may not call, as 10.0.0.0/8; may be repeated. [link-local, metadata]")
  var httpDeny: [String] = []
  @Option(name: .long, help: "Metrics plugin, as ID or ID=JSON; may be repeated. [host-metrics and site]")
  var metrics: [String] = []
  @Option(name: .long, help: "How long a shutdown waits for what runs. [30s]") var drainTimeout: String?
  @Option(name: .long, help: "debug, info, notice, warning or error. [info]") var logLevel: String?

  func configuration(_ source: Settings) throws -> WorkerConfiguration {
    let name = try source.text(name, .name) ?? ProcessInfo.processInfo.hostName
    let shared = try source.dataDirectory(nil)
    let data = try data ?? source.text(nil, .workerData) ?? "\(shared)/worker-\(name)"
    let servers = try source.list(server, .server)
    let tls = ClientTLS(
      authority: try source.text(tlsCa, .tlsCA), certificate: try source.text(tlsCertificate, .tlsCertificate),
      key: try source.text(tlsKey, .tlsKey))
    let addresses = try (servers.isEmpty ? ["127.0.0.1:7411"] : servers).map { text in
      do {
        var address = try ServerAddress(parsing: text)
        if tls.authority != nil { address.isSecure = true }
        return address
      } catch {
        throw CLIError("server: \(error)")
      }
    }
    var result = WorkerConfiguration(
      name: name, dataDirectory: URL(fileURLWithPath: data).standardizedFileURL.path, servers: addresses,
      token: try token(source, shared), shimPath: Installation.program("switchyard-shim"))
    result.tls = tls
    result.apps = try source.list(apps, .apps)
    result.slots =
      try source.value(slots, .slots, "a number from 1 to \(WorkerProfile.slotRange.upperBound)", UInt32.init)
      ?? UInt32(max(2, 2 * ProcessInfo.processInfo.activeProcessorCount))
    result.tags = try source.list(tag, .tag)
    result.labels = try source.list(label, .label).map { text in
      guard let equals = text.firstIndex(of: "=") else {
        throw CLIError("label: must be KEY=TEXT, found \(quoted(text))")
      }
      return Label(key: String(text[..<equals]), text: String(text[text.index(after: equals)...]))
    }
    result.site = try source.text(site, .site)
    result.rack = try source.text(rack, .rack)
    result.weight = try source.value(weight, .weight, "a number", Double.init)
    let processors = try source.list(processor, .processor)
    if !processors.isEmpty { result.processors = processors }
    result.httpAllow = try source.list(httpAllow, .httpAllow)
    result.httpDeny = try source.list(httpDeny, .httpDeny)
    result.version = Switchyard.version
    result.environment = ProcessInfo.processInfo.environment.filter { ["PATH", "HOME", "LANG"].contains($0.key) }
    result.pluginDirectory = Installation.plugins
    result.pluginHostPath = Installation.program("switchyard-plugin-host")
    result.metrics = try metricsStrategies(source)
    let accepted = "a time as 30s"
    if let span = try source.value(
      drainTimeout.map { try readSpan($0, "--drain-timeout", accepted) }, .drainTimeout, accepted,
      { try? Span(parsing: $0) })
    {
      result.drainTimeout = span
    }
    return result
  }

  private func metricsStrategies(_ source: Settings) throws -> [Policy.Strategy] {
    let texts = try source.list(metrics, .metrics)
    if texts.isEmpty { return [.init(plugin: "switchyard.host-metrics"), .init(plugin: "switchyard.site")] }
    return try texts.map { try strategy($0, "metrics") }
  }

  private func token(_ source: Settings, _ shared: String) throws -> String {
    if workerTokenFile == nil, let token = try source.text(nil, .workerToken) { return token }
    let path = try source.text(workerTokenFile, .workerTokenFile) ?? "\(shared)/worker-token"
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw CLIError(
        "\(path): no token for workers there. Copy DATA/worker-token of a server and name it with --worker-token-file, "
          + "or set SWITCHYARD_WORKER_TOKEN")
    }
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}

struct WorkerRunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run a worker until SIGTERM or Ctrl-C.",
    discussion: "It finishes what it has first, within --drain-timeout.")
  @OptionGroup var flags: WorkerFlags

  func run() async throws {
    let source = try Settings()
    let logger = try makeLogger("switchyard.worker", flags.logLevel, source)
    let worker = try WorkerService(configuration: try flags.configuration(source), logger: logger)
    try await ServiceGroup(
      services: [worker, SecondSignal()], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
    ).run()
  }
}
