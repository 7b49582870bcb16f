import SwitchyardCore
import SwitchyardModel
import SwitchyardObservability
import Synchronization

/// Counts what happens. What a scrape costs is a copy under the lock; the text is made outside of it.
final class Meter: EventConsumer {
  struct Values: Sendable {
    /// Entries into each state, by app; ``AppLabels`` bounds how many.
    var transitions = AppLabels()
    var outcomes = [UInt64](repeating: 0, count: AttemptOutcome.allCases.count)
    var started: UInt64 = 0
    var passages = Passage.allCases.map { _ in Histogram.latency }
    var runs = Histogram.duration
    /// Under the names that the core gives.
    var counted: [String: UInt64] = [:]
    var commits = Commits()
  }

  struct Commits: Sendable {
    var seconds = Histogram.latency
    var operations = Histogram.size
    /// By outcome: `done`, `aborted`, `unknown`, `expelled`.
    var outcomes: [String: UInt64] = ["done": 0, "aborted": 0, "unknown": 0, "expelled": 0]
  }

  private let state = Mutex(Values())

  var values: Values { state.withLock { $0 } }

  /// How often each thing happened since the start, by bounded names.
  var counters: [String: UInt64] {
    let values = values
    var counters = values.counted
    for (state, count) in values.transitions.totals where count > 0 { counters["instances.\(state.name)"] = count }
    if values.started > 0 { counters["attempts.started"] = values.started }
    return counters
  }

  func consume(_ events: [ClusterEvent], at time: Timestamp) {
    state.withLock { values in
      for case .core(let notice) in events { values.count(notice) }
    }
  }

  func committed(_ operations: Int, _ outcome: CommitOutcome, took span: Span) {
    state.withLock { values in
      values.commits.seconds.record(span.seconds)
      values.commits.operations.record(Double(operations))
      values.commits.outcomes[outcome.name, default: 0] += 1
    }
  }
}

extension Meter.Values {
  fileprivate mutating func count(_ notice: ServerNotice) {
    switch notice {
    case .instance(_, _, let app, let state, _, _): transitions.count(state, of: app)
    case .started: started += 1
    case .attemptEnded(_, _, _, _, let outcome, let ran):
      outcomes[Int(outcome.rawValue)] += 1
      if let ran { runs.record(max(ran, .zero).seconds) }
    case .measured(let passage, let span): passages[Int(passage.rawValue)].record(span.seconds)
    case .counted(let name): counted[name, default: 0] += 1
    case .jobStored: counted["jobs.stored", default: 0] += 1
    case .workerJoined: counted["workers.joined", default: 0] += 1
    case .workerSuspended: counted["workers.suspended", default: 0] += 1
    case .workerJudged(_, let verdict): counted["workers.\(verdict)", default: 0] += 1
    case .owned: counted["shards.owned", default: 0] += 1
    case .clockStepped: counted["clock.stepped", default: 0] += 1
    case .resigned: counted["shards.resigned", default: 0] += 1
    }
  }
}

/// Entries into states, by app. The first so many apps have a name of their own; the others are one: `other`.
struct AppLabels: Sendable {
  static let limit = 100
  static let other = "other"

  private var index: [String: Int] = [:]
  private var names: [String] = []
  private var counts: [[UInt64]] = []
  /// Of the app that was counted last, which mostly is the next one too.
  private var latest: (app: String, place: Int)?

  private static let width = 1 + Int(InstanceState.allCases.map(\.rawValue).max() ?? 0)

  mutating func count(_ state: InstanceState, of app: String) {
    counts[place(of: app)][Int(state.rawValue)] += 1
  }

  private mutating func place(of app: String) -> Int {
    if let latest, latest.app == app { return latest.place }
    let place = index[app] ?? (names.count < Self.limit ? add(app) : index[Self.other] ?? add(Self.other))
    latest = (app, place)
    return place
  }

  private mutating func add(_ name: String) -> Int {
    names.append(name)
    counts.append(Array(repeating: 0, count: Self.width))
    index[name] = names.count - 1
    return names.count - 1
  }

  /// In the order in which the apps were first seen.
  var all: [(app: String, state: InstanceState, count: UInt64)] {
    names.indices.flatMap { place in
      InstanceState.allCases.map { (names[place], $0, counts[place][Int($0.rawValue)]) }
    }
  }

  var totals: [(state: InstanceState, count: UInt64)] {
    InstanceState.allCases.map { state in
      (state, counts.reduce(0) { $0 + $1[Int(state.rawValue)] })
    }
  }
}

extension CommitOutcome {
  fileprivate var name: String {
    switch self {
    case .done: "done"
    case .aborted: "aborted"
    case .unknown: "unknown"
    case .expelled: "expelled"
    }
  }
}
