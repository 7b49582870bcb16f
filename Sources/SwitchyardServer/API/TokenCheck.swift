import GRPCCore
import SwitchyardSystem

/// What a token lets its bearer do. Each route declares one.
enum Permission: String, Sendable {
  /// No token is needed: only that it lives is told.
  case anyone
  /// Look at jobs, instances, workers, logs.
  case read
  /// Define and delete jobs.
  case write
  /// Run, pause, cancel, stop.
  case operate
  /// Policies, plugins.
  case admin
  /// Open a worker's stream.
  case join
}

/// The two tokens of a server: the administrator's, which allows everything but to pose as a worker, and
/// the workers'. Both are made at the first start and kept in files of mode 0600 in the data directory,
/// where the CLI of the same user finds them.
struct TokenCheck: Sendable {
  private let admin: [UInt8]
  private let join: [UInt8]

  static func adminPath(in directory: String) -> String { "\(directory)/token" }
  static func joinPath(in directory: String) -> String { "\(directory)/worker-token" }

  /// - Throws: `PrivateFile.Failure` when a file can be neither read nor made.
  init(directory: String) throws(PrivateFile.Failure) {
    admin = try Self.token(at: Self.adminPath(in: directory))
    join = try Self.token(at: Self.joinPath(in: directory))
  }

  func allows(_ token: some StringProtocol, _ permission: Permission) -> Bool {
    permission == .anyone || isEqual(Array(token.utf8), permission == .join ? join : admin)
  }

  func allows(_ metadata: Metadata, _ permission: Permission) -> Bool {
    metadata[stringValues: "authorization"].contains { header in
      header.hasPrefix("Bearer ") && allows(header.dropFirst(7), permission)
    }
  }

  private static func token(at path: String) throws(PrivateFile.Failure) -> [UInt8] {
    if let text = try PrivateFile.read(path) {
      let token = text.prefix { !$0.isWhitespace }
      if token.utf8.count >= 32 { return Array(token.utf8) }
    }
    var random = SystemRandomNumberGenerator()
    let token = (0..<4).map { _ in
      let hex = String(random.next(), radix: 16)
      return String(repeating: "0", count: 16 - hex.count) + hex
    }.joined()
    try PrivateFile.write(token + "\n", to: path)
    return Array(token.utf8)
  }
}

/// In a time that tells nothing of where they differ.
private func isEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
  guard a.count == b.count else { return false }
  var difference: UInt8 = 0
  for (x, y) in zip(a, b) { difference |= x ^ y }
  return difference == 0
}
