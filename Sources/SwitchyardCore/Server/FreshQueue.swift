import SwitchyardModel

/// Instances that have been asked for and are not stored: how many, of which app, and who may ask for more.
///
/// **Fair between apps.** An app may ask for more while it holds less than a quarter of the room that is left: the dynamic
/// threshold of shared-memory switches (Choudhury and Hahne, "Dynamic queue length thresholds for shared-memory packet
/// switches", IEEE/ACM Transactions on Networking 6(2), 1998). One app that floods fills a fifth of the queue, `n` of them
/// `n / (n + 4)`, in equal parts; so there is room for whoever comes next, who waits behind a bounded part of the queue.
/// Due times are not refused: they stop at the limit alone, and fire later.
struct FreshQueue: Sendable {
  private static let share = 4

  private let limit: Int
  private var held: [String: Int] = [:]
  private(set) var count = 0
  /// How long the instance that was stored last had waited for it.
  private var delay = Span.zero

  init(limit: Int) { self.limit = max(1, limit) }

  var isFull: Bool { count >= limit }

  func admits(_ app: String) -> Bool { Self.share * (held[app] ?? 0) < limit - count }

  func held(by app: String) -> Int { held[app] ?? 0 }

  mutating func enter(_ app: String) {
    count += 1
    held[app, default: 0] += 1
  }

  mutating func leave(_ app: String) {
    guard let place = held.index(forKey: app) else { return }
    count -= 1
    held.values[place] -= 1
    if held.values[place] == 0 { held.remove(at: place) }
  }

  /// One was stored, so long after it had been asked for.
  mutating func passed(after span: Span) { delay = span }

  /// What waits now is stored in about the time that the last one took (Little's law: the queue is as long as it was
  /// then).
  var retryAfter: Span { min(max(delay, .milliseconds(100)), .seconds(60)) }
}
