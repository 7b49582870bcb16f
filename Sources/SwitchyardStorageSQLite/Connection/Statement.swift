import CSQLite
import SwitchyardModel

/// A prepared statement. Arguments are added in the order of the SQL, all of them for each run.
final class Statement {
  let handle: OpaquePointer
  /// SQLite keeps a closed connection until its last statement is gone.
  private let database: OpaquePointer
  private var index: Int32 = 0
  private var bindCode: Int32 = SQLITE_OK

  init(_ handle: OpaquePointer, of database: OpaquePointer) {
    self.handle = handle
    self.database = database
  }

  deinit { sqlite3_finalize(handle) }

  // MARK: Arguments

  func add(_ value: Int64) {
    index += 1
    note(sqlite3_bind_int64(handle, index, value))
  }

  func add(_ value: Int64?) {
    if let value { add(value) } else { addNull() }
  }

  func addNull() {
    index += 1
    note(sqlite3_bind_null(handle, index))
  }

  /// By its bytes, so that text may hold a NUL.
  func add(_ text: String) {
    index += 1
    guard let length = Int32(exactly: text.utf8.count) else { return note(SQLITE_TOOBIG) }
    note(text.withCString { switchyard_bind_text(handle, index, $0, length) })
  }

  func add(_ text: String?) {
    if let text { add(text) } else { addNull() }
  }

  /// Bit by bit: what is compared in SQL is below 2^63.
  func add(_ value: UInt64) { add(Int64(bitPattern: value)) }
  func add(_ value: UInt32) { add(Int64(value)) }
  func add(_ value: Int32) { add(Int64(value)) }
  func add(_ value: UInt8) { add(Int64(value)) }
  func add(_ value: Timestamp) { add(value.nanoseconds) }
  func add(_ value: Timestamp?) { add(value?.nanoseconds) }
  func add(_ id: some Identifier) { add(id.rawValue) }
  func add(_ id: (some Identifier)?) { add(id.map { Int64(bitPattern: $0.rawValue) }) }
  func add(_ shard: Shard) { add(shard.number) }

  private func note(_ code: Int32) {
    if bindCode == SQLITE_OK { bindCode = code }
  }

  // MARK: Running

  /// True: there is a row to read. Call ``reset()`` when done with the rows.
  func step() throws(SQLiteFailure) -> Bool {
    guard bindCode == SQLITE_OK else {
      let code = bindCode
      reset()
      throw SQLiteFailure(code: code, message: String(cString: sqlite3_errstr(code)))
    }
    switch sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    default:
      let failure = SQLiteFailure(of: database)
      reset()
      throw failure
    }
  }

  func reset() {
    sqlite3_reset(handle)
    index = 0
    bindCode = SQLITE_OK
  }

  /// Runs a statement that answers with no rows.
  ///
  /// - Returns: how many rows it changed.
  @discardableResult
  func run() throws(SQLiteFailure) -> Int32 {
    _ = try step()
    reset()
    return sqlite3_changes(database)
  }

  /// Reads at most one row.
  func first<Value>(
    _ read: (inout Row) throws(SQLiteFailure) -> Value
  ) throws(SQLiteFailure) -> Value? {
    defer { reset() }
    guard try step() else { return nil }
    var row = self.row
    return try read(&row)
  }

  /// Reads all rows.
  func all<Value>(
    _ read: (inout Row) throws(SQLiteFailure) -> Value
  ) throws(SQLiteFailure) -> [Value] {
    defer { reset() }
    var values: [Value] = []
    while try step() {
      var row = self.row
      values.append(try read(&row))
    }
    return values
  }

  /// The row that `step` has come to.
  var row: Row { Row(statement: handle) }
}
