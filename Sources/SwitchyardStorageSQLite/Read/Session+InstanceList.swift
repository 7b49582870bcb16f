import SwitchyardModel
import SwitchyardStorage

/// Lists of instances, newest first.
///
/// Each list walks one index that is in the order of identities, or is small: what is not over and what
/// ended unusually has partial indexes, successes are dense everywhere. Lists of several such states are
/// merged.
extension Reader.Session {
  func instances(
    _ filter: InstanceFilter, before: InstanceID?, limit: Int
  ) throws(SQLiteFailure) -> [Instance] {
    let limit = max(0, limit)
    let states = Set(filter.states)
    guard !states.isEmpty, !states.contains(.succeeded) else {
      return try list(filter.source, of: states, filter, before: before, limit: limit)
    }
    var found: [Instance] = []
    for state in InstanceState.allCases where states.contains(state) {
      found += try list(.state(state), of: [state], filter, before: before, limit: limit)
    }
    return Array(found.sorted { $0.id > $1.id }.prefix(limit))
  }

  private func list(
    _ source: Source, of states: Set<InstanceState>, _ filter: InstanceFilter, before: InstanceID?, limit: Int
  ) throws(SQLiteFailure) -> [Instance] {
    let select = try statement(
      """
      SELECT \(Instance.columns) FROM instances i \(source.sql)
        AND id <= ?2 AND (?3 = 0 OR (?3 >> state) & 1)
        AND (?4 IS NULL OR app = ?4) AND (?5 IS NULL OR job = ?5) AND (?6 IS NULL OR worker = ?6)
      ORDER BY id DESC LIMIT ?7
      """)
    switch source {
    case .everything: select.addNull()
    case .app(let app): select.add(app)
    case .job(let job): select.add(job)
    case .worker(let worker): select.add(worker)
    case .state(let state): select.add(state.rawValue)
    }
    select.add(before.map { Int64(clamping: $0.rawValue) - ($0.rawValue > Int64.max ? 0 : 1) } ?? .max)
    select.add(states.reduce(0 as Int64) { $0 | 1 << Int64($1.rawValue) })
    select.add(filter.app)
    select.add(filter.job)
    select.add(filter.worker)
    select.add(Int64(limit))
    return try select.all(Instance.init(row:))
  }

  fileprivate enum Source {
    case everything
    case app(String)
    case job(JobID)
    case worker(String)
    case state(InstanceState)

    /// The index, and the condition on it with the argument ?1.
    var sql: String {
      switch self {
      case .everything: "NOT INDEXED WHERE ?1 IS NULL"
      case .app: "INDEXED BY instances_app WHERE app = ?1"
      case .job: "INDEXED BY instances_job WHERE job = ?1"
      case .worker: "INDEXED BY instances_worker WHERE worker = ?1"
      case .state(.waiting): "INDEXED BY instances_waiting WHERE state = 0 AND state = ?1"
      case .state(.queued): "INDEXED BY instances_queued WHERE state = 4 AND state = ?1"
      case .state(.dispatched), .state(.stopping):
        "INDEXED BY instances_placed WHERE state IN (1, 2) AND state = ?1"
      case .state:
        "INDEXED BY instances_unusual WHERE state IN (3, 11, 12, 13, 14, 15, 16, 17) AND state = ?1"
      }
    }
  }
}

extension InstanceFilter {
  /// The narrowest of its conditions.
  fileprivate var source: Reader.Session.Source {
    if let job { return .job(job) }
    if let worker { return .worker(worker) }
    if let app { return .app(app) }
    return .everything
  }
}
