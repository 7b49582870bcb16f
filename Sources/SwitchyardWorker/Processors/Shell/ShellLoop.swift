import Glibc
import Logging
import SwitchyardCore
import SwitchyardModel
import SwitchyardSystem

/// The shell thread: waits for commands, output and records, and tells what became of attempts.
final class ShellLoop {
  private let starter: ShellStarter
  private let logs: LogBook
  private let logger: Logger
  private let report: AttemptReports

  private var attempts: [AttemptRef: ShellAttempt] = [:]
  /// Shims that have said their last word, and will be zombies in a moment.
  private var leaving: [pid_t] = []
  private var shutdown: (done: CheckedContinuation<Void, Never>, until: BootTime)?
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)

  /// What is waited for; built anew when an attempt or an output has come or gone.
  private var descriptors: [pollfd] = []
  private var sources: [(ref: AttemptRef, isOutput: Bool)] = []
  private var isStale = true

  init(starter: ShellStarter, logs: LogBook, logger: Logger, report: @escaping AttemptReports) {
    self.starter = starter
    self.logs = logs
    self.logger = logger
    self.report = report
  }

  deinit { buffer.deallocate() }

  /// Returns after a shutdown.
  func run(_ runner: ShellRunner) {
    while true {
      wait(for: runner)
      if descriptors.first?.revents != 0 { runner.takeCommands().forEach(perform) }
      for index in sources.indices where descriptors[index + 1].revents != 0 {
        guard let attempt = attempts[sources[index].ref] else { continue }
        if sources[index].isOutput { readOutput(of: attempt) } else { readRecords(of: attempt) }
      }
      for attempt in attempts.values where attempt.isOrphaned { clearUp(attempt) }
      leaving.removeAll { waitpid($0, nil, WNOHANG) != 0 }
      if let shutdown, attempts.isEmpty || SystemClock.boot() >= shutdown.until {
        if !attempts.isEmpty { logger.error("attempts do not end", metadata: ["count": "\(attempts.count)"]) }
        shutdown.done.resume()
        return
      }
    }
  }

  // MARK: Waiting

  private func wait(for runner: ShellRunner) {
    if isStale {
      descriptors = [pollfd(fd: runner.wakeupDescriptor, events: Int16(POLLIN), revents: 0)]
      sources = []
      for attempt in attempts.values where !attempt.isOrphaned {
        add(attempt.control, of: attempt, isOutput: false)
        if let output = attempt.output { add(output, of: attempt, isOutput: true) }
      }
      isStale = false
    }
    while poll(&descriptors, nfds_t(descriptors.count), timeout) < 0, errno == EINTR {}
  }

  private func add(_ descriptor: Descriptor, of attempt: ShellAttempt, isOutput: Bool) {
    descriptors.append(pollfd(fd: descriptor.number, events: Int16(POLLIN), revents: 0))
    sources.append((attempt.ref, isOutput))
  }

  /// In milliseconds. No signal tells of shims that end: the few that are about to are looked at again.
  private var timeout: Int32 {
    if !leaving.isEmpty { return 5 }
    if attempts.values.contains(where: \.isOrphaned) { return 20 }
    return shutdown == nil ? -1 : 100
  }

  // MARK: Commands

  private func perform(_ command: ShellRunner.Command) {
    switch command {
    case .start(let assignment): start(assignment)
    case .stop(let ref, let reason): attempts[ref]?.order(reason)
    case .shutdown(let done):
      shutdown = (done, SystemClock.boot() + .seconds(8))
      for attempt in attempts.values { attempt.order(.isolated) }
    }
  }

  private func start(_ assignment: Assignment) {
    guard case .shell(let command) = assignment.definition.spec.processor, attempts[assignment.attempt] == nil else {
      return
    }
    do throws(ShellStarter.Failure) {
      let attempt = try starter.start(assignment, command)
      attempts[assignment.attempt] = attempt
      logs.open(assignment.attempt)
      isStale = true
    } catch {
      let now = SystemClock.wall()
      report(.ended(assignment.result(.failed, startedAt: nil, endedAt: now, detail: error.detail)))
    }
  }

  // MARK: Output and records

  /// A few buffers a turn, so that one talkative job does not hold up the others.
  private func readOutput(of attempt: ShellAttempt, buffers: Int = 4) {
    guard let output = attempt.output else { return }
    for _ in 0..<buffers {
      let count = read(output.number, buffer.baseAddress, buffer.count)
      if count > 0 {
        logs.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]), to: attempt.ref)
      } else {
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        attempt.output = nil
        isStale = true
        return
      }
    }
  }

  private func readRecords(of attempt: ShellAttempt) {
    while true {
      switch attempt.receive() {
      case .record(.started(_, let at, _)):
        let startedAt = wall(of: at)
        attempt.startedAt = startedAt
        report(.started(attempt.ref, at: startedAt))
      case .record(.survivors(let count)):
        logger.warning("processes outlive KILL", metadata: metadata(attempt, ["processes": "\(count)"]))
      case .record(.ended(let end)):
        let spec = attempt.assignment.definition.spec
        finish(attempt, ShellOutcome(end, asked: attempt.asked, timeout: spec.timeout), at: wall(of: end.at))
        return
      case .record(.spawnFailed(let number, let step)):
        finish(attempt, ShellOutcome(spawnFailed: number, step: step, of: attempt.command), at: SystemClock.wall())
        return
      case .unknown: logger.error("unknown record of a shim", metadata: metadata(attempt))
      case .nothing: return
      case .end:
        attempt.isOrphaned = true
        isStale = true
        return
      }
    }
  }

  /// Boot time is told by shims, wall time is wanted.
  private func wall(of time: BootTime) -> Timestamp {
    let now = SystemClock.now()
    return now.wall - max(.zero, now.boot - time)
  }

  // MARK: The end

  private func finish(_ attempt: ShellAttempt, _ outcome: ShellOutcome, at endedAt: Timestamp) {
    // All that wrote to it are gone: what is in the pipe (at most 1 MiB) is the rest.
    readOutput(of: attempt, buffers: 32)
    logs.close(attempt.ref)
    var detail = outcome.detail
    var text: String?
    switch attempt.directory.readResult(limit: ResultBounds.resultBytes) {
    case .none: break
    case .text(let result): text = result
    case .tooLong(let count):
      detail = joined(detail, "its result of \(count) bytes is left out: at most \(ResultBounds.resultBytes) are kept")
    case .unreadable: detail = joined(detail, "its result is left out: SWITCHYARD_RESULT must be a plain file")
    }
    attempt.directory.remove()
    attempts[attempt.ref] = nil
    isStale = true
    if attempt.shimStatus == nil { leaving.append(attempt.shim) }
    report(
      .ended(
        attempt.assignment.result(
          outcome.outcome, startedAt: attempt.startedAt, endedAt: endedAt, result: text, detail: detail)))
  }

  /// The shim of this attempt was killed: its work is done here.
  private func clearUp(_ attempt: ShellAttempt) {
    if attempt.shimStatus == nil {
      var status: Int32 = 0
      guard waitpid(attempt.shim, &status, WNOHANG) != 0 else { return }
      attempt.shimStatus = status
      logger.error("a shim has been killed", metadata: metadata(attempt, ["status": "\(status)"]))
    }
    guard Stragglers.kill(of: attempt.directory, cgroup: attempt.cgroup) == 0 else { return }
    finish(attempt, ShellOutcome(shimDied: attempt.shimStatus ?? 0), at: SystemClock.wall())
  }

  private func joined(_ a: String?, _ b: String) -> String { a.map { "\($0); \(b)" } ?? b }

  private func metadata(_ attempt: ShellAttempt, _ more: Logger.Metadata = [:]) -> Logger.Metadata {
    var metadata = more
    metadata["instance"] = "\(attempt.ref.instance)"
    metadata["attempt"] = "\(attempt.ref.attempt)"
    return metadata
  }
}
