import CPluginHost
import Synchronization

/// What is counted of one plugin, by all lanes at once and without locks.
package final class PluginCounters: @unchecked Sendable {
  package static let namedLimit = 64
  private enum Place { static let calls = 0, errors = 1, time = 2, longest = 3, overBudget = 4, named = 8 }

  private let words: UnsafeMutablePointer<UInt64>
  private let names = Mutex<[String]>([])
  /// The last error, for people.
  private let lastError = Mutex<String?>(nil)

  package init() {
    words = .allocate(capacity: Place.named + Self.namedLimit)
    words.initialize(repeating: 0, count: Place.named + Self.namedLimit)
  }

  deinit { words.deallocate() }

  /// - Parameters:
  ///   - time: what the call took, in nanoseconds.
  ///   - budget: what it should have taken at most.
  @inline(__always)
  package func called(time: Int64, budget: Int64) {
    ph_count_add(words + Place.calls, 1)
    let spent = UInt64(clamping: time)
    ph_count_add(words + Place.time, spent)
    ph_count_max(words + Place.longest, spent)
    if time > budget { ph_count_add(words + Place.overBudget, 1) }
  }

  package func failed(_ text: @autoclosure () -> String) {
    ph_count_add(words + Place.errors, 1)
    // Texts of a plugin that fails at every call are kept now and then: enough to see, and cheap.
    if ph_count_read(words + Place.errors) & 0xFF < 2 {
      let text = text()
      lastError.withLock { $0 = text }
    }
  }

  /// A counter of the plugin's own by its name; nil: too many.
  func named(_ name: String) -> UInt32? {
    names.withLock { names in
      if let index = names.firstIndex(of: name) { return UInt32(index) }
      guard names.count < Self.namedLimit else { return nil }
      names.append(name)
      return UInt32(names.count - 1)
    }
  }

  func add(_ amount: UInt64, to counter: UInt32) {
    guard counter < Self.namedLimit else { return }
    ph_count_add(words + Place.named + Int(counter), amount)
  }

  package var calls: UInt64 { ph_count_read(words + Place.calls) }
  package var errors: UInt64 { ph_count_read(words + Place.errors) }

  package func snapshot(of plugin: String) -> PluginStatistics {
    let names = names.withLock { $0 }
    return PluginStatistics(
      plugin: plugin, calls: calls, errors: errors, nanoseconds: ph_count_read(words + Place.time),
      longest: ph_count_read(words + Place.longest), overBudget: ph_count_read(words + Place.overBudget),
      named: names.enumerated().map { .init(name: $1, value: ph_count_read(words + Place.named + $0)) },
      lastError: lastError.withLock { $0 })
  }
}

/// For metrics and `plugin show`.
package struct PluginStatistics: Hashable, Sendable {
  package struct Counter: Hashable, Sendable {
    package var name: String
    package var value: UInt64
  }

  package var plugin: String
  package var calls: UInt64
  package var errors: UInt64
  /// Spent in all calls together.
  package var nanoseconds: UInt64
  /// Nanoseconds of the longest call.
  package var longest: UInt64
  /// Calls that took longer than they were allowed to.
  package var overBudget: UInt64
  /// Counters that the plugin itself keeps.
  package var named: [Counter]
  package var lastError: String?
}
