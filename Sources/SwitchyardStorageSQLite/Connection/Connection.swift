import CSQLite

/// One connection to a database file. It belongs to one thread at a time; SQLite's own mutexes are off.
final class Connection {
  static let busyMilliseconds: Int32 = 5_000

  let handle: OpaquePointer
  /// Pages in the write-ahead log after the last commit of this connection that wrote any.
  private(set) var logPages: Int32 = 0
  /// Counts such commits.
  private(set) var commits: UInt64 = 0
  private var cached: [String: Statement] = [:]

  private static let isConfigured: Bool = {
    switchyard_count_no_memory()
    return true
  }()

  init(path: String, create: Bool) throws(SQLiteFailure) {
    _ = Self.isConfigured
    var opened: OpaquePointer?
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (create ? SQLITE_OPEN_CREATE : 0)
    let code = sqlite3_open_v2(path, &opened, flags, nil)
    guard code == SQLITE_OK, let opened else {
      let message = String(cString: opened.map { sqlite3_errmsg($0) } ?? sqlite3_errstr(code))
      sqlite3_close_v2(opened)
      throw SQLiteFailure(code: code, message: message)
    }
    handle = opened
    sqlite3_extended_result_codes(handle, 1)
    sqlite3_busy_timeout(handle, Self.busyMilliseconds)
  }

  /// Statements close themselves; a connection that is left with some becomes a zombie until they are gone.
  deinit { sqlite3_close_v2(handle) }

  /// Keeps ``logPages`` and ``commits``. Replaces automatic checkpoints, which are a hook as well.
  func watchLog() {
    let context = Unmanaged.passUnretained(self).toOpaque()
    sqlite3_wal_hook(
      handle,
      { context, _, _, pages in
        guard let context else { return SQLITE_OK }
        let connection = Unmanaged<Connection>.fromOpaque(context).takeUnretainedValue()
        connection.logPages = pages
        connection.commits &+= 1
        return SQLITE_OK
      }, context)
  }

  /// Runs statements that take no arguments.
  func execute(_ sql: String) throws(SQLiteFailure) {
    guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw SQLiteFailure(of: handle) }
  }

  func prepare(_ sql: String) throws(SQLiteFailure) -> Statement {
    var prepared: OpaquePointer?
    let flags = UInt32(SQLITE_PREPARE_PERSISTENT)
    guard sqlite3_prepare_v3(handle, sql, -1, flags, &prepared, nil) == SQLITE_OK, let prepared
    else { throw SQLiteFailure(of: handle) }
    return Statement(prepared, of: handle)
  }

  /// Like `prepare`, and keeps the statement: for SQL that is written in this program.
  func cachedStatement(_ sql: String) throws(SQLiteFailure) -> Statement {
    if let statement = cached[sql] { return statement }
    let statement = try prepare(sql)
    cached[sql] = statement
    return statement
  }

  /// The number in the only row and column that `sql` answers with; 0 for none.
  func number(_ sql: String) throws(SQLiteFailure) -> Int64 {
    let statement = try prepare(sql)
    defer { statement.reset() }
    guard try statement.step() else { return 0 }
    var row = statement.row
    return row.int64()
  }

  /// False when it was rolled back by an error.
  var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

  /// Copies the log into the database.
  ///
  /// - Returns: pages in the log, and how many of them are copied now.
  func checkpoint(_ mode: Int32) throws(SQLiteFailure) -> (log: Int32, copied: Int32) {
    var log: Int32 = 0
    var copied: Int32 = 0
    let code = sqlite3_wal_checkpoint_v2(handle, nil, mode, &log, &copied)
    guard code == SQLITE_OK else { throw SQLiteFailure(of: handle) }
    if log == copied { logPages = 0 }
    return (log, copied)
  }
}
