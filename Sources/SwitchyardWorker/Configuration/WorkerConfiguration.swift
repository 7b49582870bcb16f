package import SwitchyardModel

/// The settings of a worker. ``validate()`` says what is wrong with them.
package struct WorkerConfiguration: Sendable {
  /// Unique among all workers; see ``NameRule/node(_:)``.
  package var name: String
  /// For this worker alone.
  package var dataDirectory: String
  /// One of them is chosen, the next after a failure.
  package var servers: [ServerAddress]
  /// For those servers that are reached over TLS.
  package var tls = ClientTLS()
  /// Admits the worker to the servers.
  package var token: String
  /// Apps to work for; none: all.
  package var apps: [String] = []
  /// How much may run at a time: each attempt takes as many slots as its job says.
  package var slots: UInt32 = 8
  package var tags: [String] = []
  package var labels: [Label] = []
  /// Nil: what metrics plugins say, if anything.
  package var site: String?
  package var rack: String?
  /// Share of the work under strategies that weigh; 1 is normal. Nil: what metrics plugins say, or 1.
  package var weight: Double?
  /// What may run here.
  package var processors: [String] = ["shell", "http", "noop"]
  /// Addresses and networks that `http` jobs may call though they are denied by default, or that they may not; see
  /// ``AddressPolicy``.
  package var httpAllow: [String] = []
  package var httpDeny: [String] = []
  /// Of this program, for people and for servers of another version.
  package var version = ""

  /// Of the `switchyard-shim` program; needed for `shell`.
  package var shimPath: String
  /// A delegated cgroup v2 directory for attempts; nil: none is used.
  package var cgroupPath: String?
  /// What jobs get `PATH`, `HOME` and `LANG` from.
  package var environment: [String: String] = [:]

  /// Where plugins are; nil: none are loaded from there.
  package var pluginDirectory: String?
  /// Of the `switchyard-plugin-host` program, in which plugins are opened first; nil: the one beside this program.
  package var pluginHostPath: String?
  /// The SystemMetrics strategies by which the worker says how it is.
  package var metrics: [Policy.Strategy] = []
  /// Nil: as each strategy wishes.
  package var metricsEvery: Span?

  package var logLimits = LogLimits()
  /// How long a graceful shutdown waits for what runs before it is killed.
  package var drainTimeout: Span = .seconds(30)
  /// How long a start waits for what an earlier start left running.
  package var lockTimeout: Span = .seconds(60)

  package init(name: String, dataDirectory: String, servers: [ServerAddress], token: String, shimPath: String) {
    self.name = name
    self.dataDirectory = dataDirectory
    self.servers = servers
    self.token = token
    self.shimPath = shimPath
  }
}
