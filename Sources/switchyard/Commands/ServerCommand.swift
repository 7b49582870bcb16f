import ArgumentParser
import Foundation
import Logging
import ServiceLifecycle
import SwitchyardModel
import SwitchyardServer
import UnixSignals

/// The settings of a server, wherever one is started.
struct ServerFlags: ParsableArguments {
  @Option(name: .long, help: "Directory of the store, logs and tokens. [~/.local/share/switchyard]") var data: String?
  @Option(name: .long, help: "Name of this server. [server-1]") var serverId: String?
  @Option(name: .long, help: "Address for people and programs; 0.0.0.0:7410 for all machines. [127.0.0.1:7410]")
  var http: String?
  @Option(name: .long, help: "Address for workers; 0.0.0.0:7411 for all machines. [127.0.0.1:7411]") var grpc: String?
  @Flag(
    name: .long, help: "Speak TLS by a certificate that the server makes itself; DATA/tls/ca.pem is for the others.")
  var tlsSelfSigned = false
  @Option(name: .long, help: "Speak TLS: PEM file of the certificate and those behind it. Read again when it changes.")
  var tlsCertificate: String?
  @Option(name: .long, help: "PEM file of the certificate's key.") var tlsKey: String?
  @Option(name: .long, help: "PEM file of who signs workers' certificates; workers must have one then.")
  var tlsClientCa: String?
  @Option(name: .long, help: "Directory of strategies (*.so); may be repeated. [those that ship, and DATA/plugins]")
  var plugins: [String] = []
  @Option(name: .long, help: "Threads that place jobs. [1]") var lanes: Int?
  @Option(name: .long, help: "How long a worker may run on after its last acknowledged heartbeat. [12s]") var lease:
    String?
  @Option(name: .long, help: "Submissions of one app in a second; 0: as many as come. [100000]") var admissionRate: Int?
  @Option(name: .long, help: "Submissions of one app at once, after a rest. [twice admission-rate]")
  var admissionBurst: Int?
  @Option(name: .long, help: "Submissions with one token in a second; 0: as many as come. [100000]")
  var admissionTokenRate: Int?
  @Option(name: .long, help: "Instances that may wait to be stored, of all apps together. [40000]")
  var admissionQueue: Int?
  @Flag(name: .long, help: "Let anybody read /metrics, without a token.") var metricsOpen = false
  @Option(name: .long, help: "debug, info, notice, warning or error. [info]") var logLevel: String?
  @Option(name: .long, help: "How long instances that are over are kept, with their logs. [30d]") var retention: String?
  @Option(name: .long, help: "About so many instances of one job are kept. [10000]") var retentionPerJob: Int?
  @Option(name: .long, help: "Bytes of all logs together, as 500MB; the oldest go first. [10GB]") var logSpace: String?

  func settings(_ source: Settings) throws -> ServerSettings {
    let data = try source.dataDirectory(data)
    let id = try source.text(serverId, .serverID) ?? "server-1"
    if let accepted = NameRule.node(id) { throw CLIError("server-id: must be \(accepted), found \(quoted(id))") }
    let span = "a time as 12s, from 2s to 10m"
    let lease =
      try source.value(lease.map { try readSpan($0, "--lease", span) }, .lease, span) { try? Span(parsing: $0) }
      ?? .seconds(12)
    guard (Span.seconds(2) ... .seconds(600)).contains(lease) else { throw CLIError("lease: must be \(span)") }
    let lanes = try source.value(lanes, .lanes, "a number from 1 to 64", Int.init) ?? 1
    guard (1...64).contains(lanes) else { throw CLIError("lanes: must be a number from 1 to 64") }
    return ServerSettings(
      id: id, dataDirectory: data,
      pluginDirectories: try pluginDirectories(source) ?? [Installation.plugins, "\(data)/plugins"],
      pluginHostPath: Installation.program("switchyard-plugin-host"),
      http: try address(source.text(http, .http), 7410, "http"),
      grpc: try address(source.text(grpc, .grpc), 7411, "grpc"),
      tls: try tls(source), lanes: lanes, lease: lease, heartbeatEvery: Span(nanoseconds: lease.nanoseconds / 4),
      admission: try admission(source),
      metricsOpen: try metricsOpen || source.value(nil, .metricsOpen, "true or false", { Bool($0) }) ?? false,
      version: Switchyard.version, retention: try retentionRules(source))
  }

  private func admission(_ source: Settings) throws -> AdmissionLimits {
    var limits = AdmissionLimits()
    if let rate = try number(admissionRate, .admissionRate, 0...1_000_000_000, source) {
      limits.rate = .init(perSecond: Double(rate), burst: Double(rate) * 2)
    }
    if let burst = try number(admissionBurst, .admissionBurst, 1...1_000_000_000, source) {
      limits.rate.burst = Double(burst)
    }
    if let rate = try number(admissionTokenRate, .admissionTokenRate, 0...1_000_000_000, source) {
      limits.tokenRate = .init(perSecond: Double(rate), burst: Double(rate) * 2)
    }
    limits.queue = try number(admissionQueue, .admissionQueue, 10...1_000_000, source) ?? limits.queue
    return limits
  }

  private func number(
    _ flag: Int?, _ setting: Setting, _ range: ClosedRange<Int>, _ source: Settings
  ) throws -> Int? {
    let accepted = "a number from \(range.lowerBound) to \(range.upperBound)"
    guard let number = try source.value(flag, setting, accepted, Int.init) else { return nil }
    guard range.contains(number) else { throw CLIError("\(setting.rawValue): must be \(accepted), found \(number)") }
    return number
  }

  private func retentionRules(_ source: Settings) throws -> RetentionRules {
    let standard = RetentionRules()
    let span = "a time as 30d, from 1m to 3650d"
    let age =
      try source.value(retention.map { try readSpan($0, "--retention", span) }, .retention, span) {
        try? Span(parsing: $0)
      } ?? standard.age
    guard (Span.seconds(60) ... .seconds(3_650 * 86_400)).contains(age) else {
      throw CLIError("retention: must be \(span)")
    }
    let perJob = try number(retentionPerJob, .retentionPerJob, 1...1_000_000, source) ?? standard.instancesPerJob
    let size = "a size as 500MB or 10GB, from 1MB"
    guard let text = try source.text(logSpace, .logSpace) else {
      return RetentionRules(age: age, instancesPerJob: perJob, logBytes: standard.logBytes)
    }
    guard let bytes = readBytes(text), bytes >= 1_000_000 else {
      throw CLIError("log-space: must be \(size), found \(quoted(text))")
    }
    return RetentionRules(age: age, instancesPerJob: perJob, logBytes: bytes)
  }

  private func tls(_ source: Settings) throws -> TLSChoice {
    let certificate = try source.text(tlsCertificate, .tlsCertificate)
    let key = try source.text(tlsKey, .tlsKey)
    let isSelfSigned =
      try source.value(tlsSelfSigned ? true : nil, .tlsSelfSigned, "true or false", { Bool($0) }) ?? false
    let authority = try source.text(tlsClientCa, .tlsClientCA)
    switch (certificate, key, isSelfSigned) {
    case (let certificate?, let key?, false):
      return .files(TLSFiles(certificate: certificate, key: key, clientAuthority: authority))
    case (nil, nil, true): return .selfSigned(clientAuthority: authority)
    case (nil, nil, false):
      guard authority == nil else {
        throw CLIError("tls-client-ca: needs tls-certificate and tls-key, or tls-self-signed")
      }
      return .off
    default:
      throw CLIError(
        "tls-certificate and tls-key go together, and tls-self-signed stands for both: give one or the other")
    }
  }

  /// Nil: none are named. One that is not there is a mistake: its strategies would be missed when a policy needs them.
  private func pluginDirectories(_ source: Settings) throws -> [String]? {
    let directories = try source.list(plugins, .plugins)
    for path in directories where !isDirectory(path) {
      throw CLIError("plugins: must be directories of strategies (*.so) that are there, found \(quoted(path))")
    }
    return directories.isEmpty ? nil : directories
  }

  private func address(_ text: String?, _ port: Int, _ name: String) throws -> ListenAddress {
    guard let text else { return ListenAddress(host: "127.0.0.1", port: port) }
    guard let address = ListenAddress(parsing: text) else {
      throw CLIError("\(name): must be \(ListenAddress.accepted), found \(quoted(text))")
    }
    return address
  }
}

private func isDirectory(_ path: String) -> Bool {
  var isDirectory: ObjCBool = false
  return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
}

func readSpan(_ text: String, _ name: String, _ accepted: String) throws -> Span {
  do { return try Span(parsing: text) } catch { throw CLIError("\(name): must be \(accepted), found \(quoted(text))") }
}

/// A number of bytes with its unit: `KB`, `MB`, `GB`, `TB`, powers of a thousand; nil for anything else.
func readBytes(_ text: String) -> Int? {
  let digits = text.prefix { $0.isASCII && $0.isNumber }
  let units = ["B": 1, "KB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000, "TB": 1_000_000_000_000]
  guard let number = Int(digits), let unit = units[text.dropFirst(digits.count).uppercased()] else { return nil }
  let (bytes, overflow) = number.multipliedReportingOverflow(by: unit)
  return overflow ? nil : bytes
}

/// Where the parts of the program are: beside it, or where a package installs them.
enum Installation {
  static let directory = (CommandLine.executablePath as NSString).deletingLastPathComponent

  static func program(_ name: String) -> String {
    let installed = "\(directory)/../libexec/switchyard/\(name)"
    return FileManager.default.isExecutableFile(atPath: installed) ? installed : "\(directory)/\(name)"
  }

  static var plugins: String {
    let installed = "\(directory)/../lib/switchyard/plugins"
    return FileManager.default.fileExists(atPath: installed) ? installed : directory
  }
}

extension CommandLine {
  static var executablePath: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? arguments[0]
  }
}

/// Log lines on standard error, at the level that was asked for.
func makeLogger(_ label: String, _ flag: String?, _ source: Settings) throws -> Logger {
  let text = try source.text(flag, .logLevel) ?? "info"
  guard let level = Logger.Level(rawValue: text) else {
    throw CLIError(
      "log-level: must be \(oneOf(["debug", "info", "notice", "warning", "error"])), found \(quoted(text))")
  }
  var logger = Logger(label: label, factory: { StreamLogHandler.standardError(label: $0) })
  logger.logLevel = level
  return logger
}

/// Restores what signals do by default once a graceful shutdown has begun: a second one ends the process at once.
/// It stands last among services, so that it is told first.
struct SecondSignal: Service {
  func run() async throws {
    try? await gracefulShutdown()
    signal(SIGTERM, SIG_DFL)
    signal(SIGINT, SIG_DFL)
  }
}

/// A server has a descriptor for each worker and each client: as many as it may have.
private func raiseFileLimit() {
  var limit = rlimit()
  guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
  limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, 65_536))
  setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
}

struct ServerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "server", abstract: "Run a server until SIGTERM or Ctrl-C.")
  @OptionGroup var flags: ServerFlags

  func run() async throws {
    let source = try Settings()
    let settings = try flags.settings(source)
    let logger = try makeLogger("switchyard.server", flags.logLevel, source)
    raiseFileLimit()
    let server = SwitchyardServer(settings: settings, logger: logger) { addresses in
      let scheme = settings.tls == .off ? "http" : "https"
      print(
        "switchyard server ready: \(scheme)://\(addresses.http), workers at \(addresses.grpc), data in \(settings.dataDirectory)"
      )
      flushOutput()
    }
    try await ServiceGroup(
      services: [server, SecondSignal()], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
    ).run()
  }
}
