import GRPCCore
import SwitchyardModel
import Synchronization

/// All tokens, by the hash of their secret, in memory: each request asks.
///
/// Who guesses learns nothing from the time that an answer takes: what is compared is the hash of the guess.
final class TokenDirectory: Sendable {
  fileprivate struct State {
    var records: [TokenID: TokenRecord] = [:]
    /// Of current and previous secrets.
    var holders: [String: TokenID] = [:]
    var uses: [TokenID: Timestamp] = [:]
    /// Counts changes.
    var version: UInt64 = 0
    /// Happens at the next change that may end somebody's right.
    var change = Signal()
  }

  /// Those of the data directory.
  private let bootstrap: [String: Caller]
  private let state = Mutex(State())

  /// - Throws: when a token of the data directory cannot be used; the message says what to do.
  init(directory: String) throws {
    func caller(_ token: BootstrapToken, _ role: TokenRole) throws -> (String, Caller) {
      let hash = TokenText.hash(of: try token.secret(in: directory))
      return (hash, Caller(token: nil, name: "DATA/\(token.rawValue)", role: role, apps: .all, hash: hash))
    }
    bootstrap = Dictionary([try caller(.admin, .admin), try caller(.join, .join)]) { first, _ in first }
  }

  /// Takes over all that is stored. What became durable while it was being read is not lost: then it is read again.
  func load(_ read: () async throws -> [TokenRecord]) async rethrows {
    while true {
      let version = state.withLock { $0.version }
      let records = try await read()
      let change = state.withLock { state -> Signal? in
        guard state.version == version else { return nil }
        state.records = Dictionary(records.map { ($0.id, $0) }) { first, _ in first }
        state.index()
        return state.changed()
      }
      if let change { return change.signal() }
    }
  }

  /// A change that is durable now.
  func apply(_ op: AccessOp) {
    let ended = state.withLock { state -> Signal? in
      switch op {
      case .putToken(let record): state.records[record.id] = record
      case .rotateToken(let id, let from, let to, let until):
        state.records[id]?.previous = TokenRecord.Previous(hash: from, until: until)
        state.records[id]?.hash = to
      case .revokeToken(let id, let at): state.records[id]?.revokedAt = at
      case .usedTokens(let uses):
        for use in uses { state.records[use.token]?.usedAt = use.at }
        return nil
      case .trim(let before, _):
        for (id, record) in state.records where record.revokedAt.map({ $0 < before }) ?? false {
          state.records[id] = nil
        }
      case .note: return nil
      }
      state.index()
      return state.changed()
    }
    ended?.signal()
  }

  // MARK: Asking

  func caller(_ secret: some StringProtocol, at now: Timestamp) throws(TokenFailure) -> Caller {
    let hash = TokenText.hash(of: secret)
    if let caller = bootstrap[hash] { return caller }
    guard let record = state.withLock({ state in state.holders[hash].flatMap { state.records[$0] } }) else {
      throw secret.hasPrefix(TokenText.prefix) && !TokenText.isWhole(secret) ? .misspelt : .unknown
    }
    try record.check(hash, at: now)
    state.withLock { $0.uses[record.id] = now }
    return Caller(
      token: record.id, name: record.name, role: record.role, apps: record.apps, bounds: record.bounds, hash: hash)
  }

  /// Of an `Authorization` field.
  func caller(authorization header: String?, at now: Timestamp) throws(TokenFailure) -> Caller {
    guard let header, header.prefix(7).lowercased() == "bearer " else { throw .missing }
    return try caller(header.dropFirst(7).drop { $0 == " " }, at: now)
  }

  func caller(_ metadata: Metadata, at now: Timestamp) throws(TokenFailure) -> Caller {
    var headers = metadata[stringValues: "authorization"].makeIterator()
    return try caller(authorization: headers.next(), at: now)
  }

  /// Whether the secret that the caller showed is good still.
  func isGood(_ caller: Caller, at now: Timestamp) -> Bool {
    guard let token = caller.token else { return true }
    guard let record = state.withLock({ $0.records[token] }) else { return false }
    return (try? record.check(caller.hash, at: now)) != nil
  }

  /// Happens at the next change that may end somebody's right.
  var nextChange: Signal { state.withLock { $0.change } }

  /// Returns when the caller's secret is good no more, or the task was cancelled.
  func lapse(of caller: Caller, clock: @Sendable () -> Timestamp) async {
    guard let token = caller.token else { return await Signal().wait() }
    while !Task.isCancelled {
      let (record, change) = state.withLock { ($0.records[token], $0.change) }
      let now = clock()
      guard let record, (try? record.check(caller.hash, at: now)) != nil else { return }
      if let end = record.end(of: caller.hash) {
        await change.wait(atMost: end - now)
      } else {
        await change.wait()
      }
    }
  }

  // MARK: For the API

  var records: [TokenRecord] {
    state.withLock { Array($0.records.values) }.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
  }

  func record(_ id: TokenID) -> TokenRecord? { state.withLock { $0.records[id] } }

  /// Uses that are not stored, once: of tokens whose stored use is older than `age`.
  func takeUses(olderThan age: Span) -> [TokenUse] {
    state.withLock { state in
      defer { state.uses = [:] }
      return state.uses.compactMap { id, at in
        guard let record = state.records[id], record.usedAt.map({ at - $0 >= age }) ?? true else { return nil }
        return TokenUse(token: id, at: at)
      }
    }
  }
}

extension TokenDirectory.State {
  /// - Returns: what those wait for whose right may have ended.
  fileprivate mutating func changed() -> Signal {
    version += 1
    defer { change = Signal() }
    return change
  }

  fileprivate mutating func index() {
    holders = [:]
    for record in records.values {
      if let previous = record.previous { holders[previous.hash] = record.id }
      holders[record.hash] = record.id
    }
  }
}

extension TokenRecord {
  /// When the secret ends; nil: never.
  fileprivate func end(of hash: String) -> Timestamp? {
    let overlap = hash == self.hash ? nil : previous?.until
    return [expiresAt, overlap].compactMap { $0 }.min()
  }

  fileprivate func check(_ hash: String, at now: Timestamp) throws(TokenFailure) {
    if revokedAt != nil { throw .revoked }
    guard hash == self.hash || hash == previous?.hash else { throw .unknown }
    if let end = end(of: hash), now >= end { throw .expired }
  }
}
