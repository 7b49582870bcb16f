import SwitchyardModel
import SwitchyardSystem

/// Hears of everything that happens.
protocol EventConsumer: Sendable {
  /// Called with what happened together, in order. Mostly on the core's thread: it must be quick, and never wait.
  func consume(_ events: [ClusterEvent], at time: Timestamp)
}

/// Tells what happens, once, to each who consumes it:
///
/// | consumer | does |
/// | --- | --- |
/// | ``Waiters`` | wakes who waits for the end of an instance |
/// | ``Meter`` | counts, for `/metrics` and `/api/v1/status` |
/// | ``JobCache`` | forgets the jobs that have changed |
/// | ``BusyJobs`` | finds jobs that may have too many instances |
/// | ``EventLog`` | keeps the last of it for `/api/v1/events` |
/// | ``EventLogger`` | writes log lines |
struct EventBus: Sendable {
  private let consumers: [any EventConsumer]

  init(_ consumers: [any EventConsumer]) { self.consumers = consumers }

  func publish(_ events: [ClusterEvent]) {
    let time = SystemClock.wall()
    for consumer in consumers { consumer.consume(events, at: time) }
  }

  func publish(_ event: ClusterEvent) { publish([event]) }
}
