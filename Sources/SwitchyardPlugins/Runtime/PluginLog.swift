import Synchronization

/// A line that a plugin, or the host about a plugin, wrote.
package struct PluginLogLine: Hashable, Sendable {
  package enum Level: Int32, Sendable { case debug, info, warning, error }

  package var level: Level
  package var plugin: String
  package var text: String
  package init(level: Level, plugin: String, text: String) {
    self.level = level
    self.plugin = plugin
    self.text = text
  }
}

/// Takes lines from plugins, on decision paths too, and hands them on from a thread of its own.
///
/// Beyond `limit` lines under way, lines are dropped and counted; the next line that gets through says how many.
package final class PluginLog: Sendable {
  private static let limit = 1_000
  package static let lineLimit = 1_024
  private let inbox = Inbox<PluginLogLine>()
  private let pending = Atomic<Int>(0)
  private let dropped = Atomic<UInt64>(0)
  private let started = Atomic<Bool>(false)
  private let write: @Sendable (PluginLogLine) -> Void

  /// - Parameter write: called from one thread, one line at a time.
  package init(_ write: @escaping @Sendable (PluginLogLine) -> Void) { self.write = write }

  package func put(_ level: PluginLogLine.Level, _ plugin: String, _ text: String) {
    guard pending.add(1, ordering: .relaxed).newValue <= Self.limit else {
      pending.subtract(1, ordering: .relaxed)
      dropped.add(1, ordering: .relaxed)
      return
    }
    inbox.put(PluginLogLine(level: level, plugin: plugin, text: text))
    if !started.exchange(true, ordering: .acquiringAndReleasing) { start() }
  }

  private func start() {
    let isRunning = DedicatedThread.start("plugin-log") { [inbox] in
      var lines: [PluginLogLine] = []
      while true {
        inbox.sleep(until: .max)
        inbox.take(into: &lines)
        for line in lines {
          self.pending.subtract(1, ordering: .relaxed)
          let lost = self.dropped.exchange(0, ordering: .relaxed)
          if lost > 0 {
            let text = "\(lost) lines of plugins were dropped"
            self.write(PluginLogLine(level: .warning, plugin: line.plugin, text: text))
          }
          self.write(line)
        }
        lines.removeAll(keepingCapacity: true)
      }
    }
    if !isRunning { started.store(false, ordering: .releasing) }
  }
}
