import SwitchyardCore
import SwitchyardModel

/// The last events, numbered from 1 without a gap; older ones are forgotten.
struct EventRing: Sendable {
  struct Entry: Sendable {
    var number: UInt64
    var at: Timestamp
    var event: ClusterEvent
    /// How many older states of the same thing it stands for.
    var merged = 0
  }

  struct Page: Sendable {
    /// How many that were asked for are forgotten.
    var lost: UInt64
    /// In order; where they were merged, numbers are missing.
    var entries: [Entry]
    /// The number of the last event that the page covers.
    var last: UInt64
  }

  private let capacity: Int
  /// Of what a reader has not seen, more than this is merged.
  private let mergeBeyond: Int
  private var entries: [Entry] = []
  private(set) var last: UInt64 = 0

  init(capacity: Int, mergeBeyond: Int) {
    self.capacity = max(1, capacity)
    self.mergeBeyond = mergeBeyond
  }

  mutating func append(_ event: ClusterEvent, at time: Timestamp) {
    last += 1
    let entry = Entry(number: last, at: time, event: event)
    if entries.count < capacity { entries.append(entry) } else { entries[place(of: last)] = entry }
  }

  private func place(of number: UInt64) -> Int { Int((number - 1) % UInt64(capacity)) }

  /// All that came after this number. A reader that is far behind gets of each instance, job and worker the last
  /// state alone, and so catches up.
  func page(after number: UInt64) -> Page {
    let number = min(number, last)
    let forgotten = last - UInt64(entries.count)
    let first = max(number, forgotten) + 1
    var page = Page(lost: first - 1 - number, entries: [], last: last)
    guard first <= last else { return page }
    page.entries.reserveCapacity(Int(last - first) + 1)
    for number in first...last { page.entries.append(entries[place(of: number)]) }
    if page.entries.count > mergeBeyond { page.entries = Self.merged(page.entries) }
    return page
  }

  private static func merged(_ entries: [Entry]) -> [Entry] {
    var newest: [Subject: Int] = [:]
    var result: [Entry] = []
    for entry in entries.reversed() {
      guard let subject = entry.event.subject else {
        result.append(entry)
        continue
      }
      if let place = newest[subject] {
        result[place].merged += 1
      } else {
        newest[subject] = result.count
        result.append(entry)
      }
    }
    return result.reversed()
  }
}

/// What an event tells the state of; the next event of the same makes it old.
private enum Subject: Hashable {
  case instance(InstanceID)
  case job(JobID)
  case worker(String)
}

extension ClusterEvent {
  fileprivate var subject: Subject? {
    guard case .core(let notice) = self else { return nil }
    switch notice {
    case .instance(let id, _, _, _, _, _): return .instance(id)
    case .started(let attempt, _, _, _, _): return .instance(attempt.instance)
    case .attemptEnded(let attempt, _, _, _, _, _): return .instance(attempt.instance)
    case .jobStored(let job): return .job(job.id)
    case .workerJoined(let ref, _), .workerSuspended(let ref), .workerJudged(let ref, _): return .worker(ref.name)
    case .owned, .resigned, .clockStepped, .counted, .measured: return nil
    }
  }

  /// Whether event streams tell it; the rest is for counters.
  var isTold: Bool {
    switch self {
    case .core(.counted), .core(.measured): false
    default: true
    }
  }
}
