package import SwitchyardModel

/// Everything a server is told from outside. `switchyard server --help` names the settings.
package struct ServerSettings: Sendable {
  /// This server's name; constant over restarts.
  package var id: String
  /// Holds the store, logs, tokens and private copies of plugins.
  package var dataDirectory: String
  /// Folders of strategies, in order; each `*.so` in them is loaded.
  package var pluginDirectories: [String]
  /// Opens a plugin first, in a process of its own.
  package var pluginHostPath: String
  package var http: ListenAddress
  package var grpc: ListenAddress
  /// For both faces.
  package var tls: TLSChoice
  /// Threads that place jobs, 1...64.
  package var lanes: Int
  /// How long a worker's acknowledged heartbeat lets it run on; 2 s to 10 min.
  package var lease: Span
  package var heartbeatEvery: Span
  /// Bytes of log kept for one attempt: more than workers send of one, so that its end is not cut off here.
  package var logBytes: Int
  /// How much is taken on at a time.
  package var admission: AdmissionLimits
  /// `/metrics` needs no token.
  package var metricsOpen: Bool
  /// Of the program, for metrics.
  package var version: String
  package var retention: RetentionRules

  package init(
    id: String = "server-1", dataDirectory: String, pluginDirectories: [String], pluginHostPath: String,
    http: ListenAddress = ListenAddress(host: "127.0.0.1", port: 7410),
    grpc: ListenAddress = ListenAddress(host: "127.0.0.1", port: 7411), tls: TLSChoice = .off, lanes: Int = 1,
    lease: Span = .seconds(12), heartbeatEvery: Span = .seconds(3), logBytes: Int = 2 << 20,
    admission: AdmissionLimits = AdmissionLimits(), metricsOpen: Bool = false, version: String = "0",
    retention: RetentionRules = RetentionRules()
  ) {
    self.id = id
    self.dataDirectory = dataDirectory
    self.pluginDirectories = pluginDirectories
    self.pluginHostPath = pluginHostPath
    self.http = http
    self.grpc = grpc
    self.tls = tls
    self.lanes = lanes
    self.lease = lease
    self.heartbeatEvery = heartbeatEvery
    self.logBytes = logBytes
    self.admission = admission
    self.metricsOpen = metricsOpen
    self.version = version
    self.retention = retention
  }
}

package struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
  package var host: String
  /// 0: any free one.
  package var port: Int
  package init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  package static let accepted = "HOST:PORT, as 127.0.0.1:7410, or 0.0.0.0:7410 or [::]:7410 for all machines"

  /// `:PORT` is all addresses of IPv4. Nil for what is no such text.
  package init?(parsing text: String) {
    guard let address = HostPort(parsing: text.hasPrefix(":") ? "0.0.0.0" + text : text), let port = address.port
    else { return nil }
    self.init(host: address.host, port: Int(port))
  }

  /// Whether others than this machine can reach it.
  package var isPublic: Bool { !(host == "localhost" || host == "::1" || host.hasPrefix("127.")) }

  package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
