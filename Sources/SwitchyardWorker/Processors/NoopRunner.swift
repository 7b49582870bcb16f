package import SwitchyardCore
package import SwitchyardModel
import SwitchyardSystem
import Synchronization

/// `noop`: succeeds at once, or after a while. At once costs no hop to another thread.
package final class NoopRunner: AttemptRunner {
  package let type = "noop"

  private enum Command: Sendable {
    case start(Assignment, Span)
    case stop(AttemptRef, KillReason)
    case stopAll
  }

  private let report: AttemptReports
  private let loop = EventLoop<Command>(name: "noop")
  /// Touched by the loop alone.
  private let sleepers = Mutex(Sleepers())

  package init(report: @escaping AttemptReports) {
    self.report = report
    loop.start { [weak self] batch, _ in self?.handle(batch) }
  }

  deinit { loop.close() }

  package func start(_ assignment: Assignment) {
    guard case .noop(let duration) = assignment.definition.spec.processor else { return }
    if duration > .zero { return loop.post(.start(assignment, duration)) }
    let now = SystemClock.wall()
    report(.ended(assignment.result(.succeeded, startedAt: now, endedAt: now)))
  }

  package func stop(_ ref: AttemptRef, _ reason: KillReason) { loop.post(.stop(ref, reason)) }

  package func shutdown() async { loop.post(.stopAll) }

  private func handle(_ batch: [Command]) -> BootTime? {
    var reports: [AttemptReport] = []
    let next = sleepers.withLock { sleepers in
      for command in batch {
        let now = SystemClock.now()
        switch command {
        case .start(let assignment, let duration):
          sleepers.add(assignment, duration, at: now)
          reports.append(.started(assignment.attempt, at: now.wall))
        case .stop(let ref, let reason):
          if let result = sleepers.stop(ref, reason, at: now) { reports.append(.ended(result)) }
        case .stopAll:
          reports += sleepers.stopAll(at: now).map { .ended($0) }
        }
      }
      let now = SystemClock.now()
      while let result = sleepers.takeDue(at: now) { reports.append(.ended(result)) }
      return sleepers.nextTime
    }
    for one in reports { report(one) }
    return next
  }
}

/// Attempts that wait for their time.
private struct Sleepers {
  private struct Sleeper {
    var assignment: Assignment
    var startedAt: Timestamp
    var end: BootTime
    var timesOut: Bool
  }

  private var table: [AttemptRef: Sleeper] = [:]
  private var timers = TimerTable<AttemptRef>()
  /// Timers in the table whose attempt was stopped.
  private var stale = 0

  var nextTime: BootTime? { mutating get { timers.next() } }

  mutating func add(_ assignment: Assignment, _ duration: Span, at now: Instants) {
    let timeout = assignment.definition.spec.timeout ?? .max
    let end = now.boot + min(duration, timeout)
    table[assignment.attempt] = Sleeper(
      assignment: assignment, startedAt: now.wall, end: end, timesOut: timeout < duration)
    timers.arm(assignment.attempt, at: end)
  }

  mutating func takeDue(at now: Instants) -> AttemptResult? {
    while let ref = timers.popDue(at: now.boot) {
      guard let sleeper = table.removeValue(forKey: ref) else {
        stale = max(0, stale - 1)
        continue
      }
      guard sleeper.timesOut, let timeout = sleeper.assignment.definition.spec.timeout else {
        return sleeper.assignment.result(.succeeded, startedAt: sleeper.startedAt, endedAt: now.wall)
      }
      return sleeper.assignment.result(
        .timedOut, startedAt: sleeper.startedAt, endedAt: now.wall, detail: "timed out after \(timeout)")
    }
    return nil
  }

  mutating func stop(_ ref: AttemptRef, _ reason: KillReason, at now: Instants) -> AttemptResult? {
    guard let sleeper = table.removeValue(forKey: ref) else { return nil }
    stale += 1
    // Timers cannot be taken back: sort them out before they pile up.
    if stale > 1_000 + table.count {
      timers = TimerTable()
      for (ref, sleeper) in table { timers.arm(ref, at: sleeper.end) }
      stale = 0
    }
    return sleeper.assignment.result(
      reason == .stopped ? .stopped : .isolated, startedAt: sleeper.startedAt, endedAt: now.wall,
      detail: reason == .stopped ? "stopped" : "killed because the worker lost its server")
  }

  mutating func stopAll(at now: Instants) -> [AttemptResult] {
    table.keys.compactMap { stop($0, .isolated, at: now) }
  }
}
