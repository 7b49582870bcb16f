package import Logging

/// What the shell processor needs of its worker.
package struct ShellSettings: Sendable {
  /// Of the `switchyard-shim` program.
  package var shimPath: String
  /// A delegated cgroup v2 directory, in which each attempt gets one of its own; nil: process groups and the subreaper.
  package var cgroupPath: String?
  package var worker: String
  /// The environment of the worker's process, of which jobs see `PATH`, `HOME` and `LANG`.
  package var environment: [String: String]
  package var logger: Logger

  package init(
    shimPath: String, cgroupPath: String? = nil, worker: String, environment: [String: String], logger: Logger
  ) {
    self.shimPath = shimPath
    self.cgroupPath = cgroupPath
    self.worker = worker
    self.environment = environment
    self.logger = logger
  }
}
