/// What a route asks of its caller.
package enum Permission: String, Sendable {
  /// No token is needed: only that the server lives is told.
  case anyone
  /// Look at jobs, instances, workers, logs.
  case read
  /// Define and delete jobs.
  case write
  /// Run, pause, cancel, stop.
  case operate
  /// Policies, plugins, tokens, audit.
  case admin
  /// Open a worker's stream.
  case join

  /// What a token with it may do, for sentences.
  package var verb: String { self == .admin ? "administer" : rawValue }
}

/// What a token may be used for, within its apps. Each but `join` includes those before it: who may define what
/// runs may run it, too.
package enum TokenRole: UInt8, CaseIterable, Sendable {
  case read = 1
  case operate = 2
  case write = 3
  /// Everything in all apps, but to pose as a worker.
  case admin = 4
  /// Opens a worker's stream and nothing else.
  case join = 5

  package var name: String {
    switch self {
    case .read: "read"
    case .operate: "operate"
    case .write: "write"
    case .admin: "admin"
    case .join: "join"
    }
  }

  package init?(name: some StringProtocol) {
    guard let role = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = role
  }

  package func allows(_ permission: Permission) -> Bool {
    switch permission {
    case .anyone: true
    case .join: self == .join
    case .read: self != .join
    case .operate: self != .join && rawValue >= TokenRole.operate.rawValue
    case .write: self != .join && rawValue >= TokenRole.write.rawValue
    case .admin: self == .admin
    }
  }
}

/// The apps that a token is good for.
package enum AppScope: Hashable, Sendable {
  case all
  /// By name, sorted, each once.
  case some([String])

  package init(_ apps: some Sequence<String>) { self = .some(Set(apps).sorted()) }

  package func contains(_ app: some StringProtocol) -> Bool {
    switch self {
    case .all: true
    case .some(let apps): apps.contains { $0 == app }
    }
  }

  /// `["*"]` for all.
  package var names: [String] {
    switch self {
    case .all: ["*"]
    case .some(let apps): apps
    }
  }
}
