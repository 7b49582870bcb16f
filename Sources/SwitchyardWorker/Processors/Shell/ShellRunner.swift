import CLinux
import Glibc
package import SwitchyardCore
package import SwitchyardModel
import SwitchyardSystem
import Synchronization

/// `shell`: each attempt under a shim, which sees to it that nothing of it outlives the worker.
///
/// One thread starts the attempts, reads what they write and what their shims tell. The agent never waits for it.
package final class ShellRunner: AttemptRunner {
  package let type = "shell"

  enum Command: Sendable {
    case start(Assignment)
    case stop(AttemptRef, KillReason)
    /// Kills everything; resumed when that is done.
    case shutdown(CheckedContinuation<Void, Never>)
  }

  private struct Inbox {
    var commands: [Command] = []
    var isClosed = false
  }

  private let inbox = Mutex(Inbox())
  private let wakeup: Descriptor

  /// - Parameters:
  ///   - directory: its lock must have been taken.
  ///   - report: hears of every attempt, from the runner's thread.
  package init(
    settings: ShellSettings, directory: DataDirectory, deadline: DeadlinePage, logs: LogBook,
    report: @escaping AttemptReports
  ) throws(WorkerError) {
    let number = sy_eventfd()
    guard number >= 0 else { throw WorkerError(.system, "cannot make an eventfd: \(systemMessage())") }
    wakeup = Descriptor(owning: number)
    startThread(name: "shell") { [self] in
      let starter = ShellStarter(settings: settings, directory: directory, deadline: deadline)
      ShellLoop(starter: starter, logs: logs, logger: settings.logger, report: report).run(self)
    }
  }

  package func start(_ assignment: Assignment) { post(.start(assignment)) }

  package func stop(_ ref: AttemptRef, _ reason: KillReason) { post(.stop(ref, reason)) }

  package func shutdown() async {
    await withCheckedContinuation { continuation in
      if !post(.shutdown(continuation)) { continuation.resume() }
    }
  }

  @discardableResult
  private func post(_ command: Command) -> Bool {
    let isOpen = inbox.withLock { inbox in
      guard !inbox.isClosed else { return false }
      if case .shutdown = command { inbox.isClosed = true }
      inbox.commands.append(command)
      return true
    }
    var one: UInt64 = 1
    if isOpen { _ = write(wakeup.number, &one, 8) }
    return isOpen
  }

  // MARK: For the thread

  /// Readable when there are commands.
  var wakeupDescriptor: Int32 { wakeup.number }

  func takeCommands() -> [Command] {
    var count: UInt64 = 0
    _ = read(wakeup.number, &count, 8)
    return inbox.withLock { inbox in
      defer { inbox.commands.removeAll() }
      return inbox.commands
    }
  }
}
