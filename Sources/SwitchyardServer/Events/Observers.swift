import Logging

/// The bus and those who listen to it.
struct Observers: Sendable {
  let waiters = Waiters()
  let meter = Meter()
  let jobs = JobCache()
  let busyJobs = BusyJobs()
  let log: EventLog
  let bus: EventBus

  /// - Parameter incarnation: of the server's start.
  init(incarnation: UInt64, logger: Logger) {
    log = EventLog(incarnation: incarnation)
    bus = EventBus([waiters, meter, jobs, busyJobs, log, EventLogger(logger: logger)])
  }
}
