import CSQLite
import SwitchyardStorage

/// An answer of SQLite other than success.
struct SQLiteFailure: Error, CustomStringConvertible {
  /// The extended result code.
  var code: Int32
  var message: String

  var primary: Int32 { code & 0xFF }
  var description: String { "\(message) (SQLite \(code))" }

  /// The operation is at fault, not the store: the same operation would fail again.
  var isOfOperation: Bool {
    [SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_TOOBIG, SQLITE_RANGE].contains(primary)
  }

  /// At COMMIT these say that nothing was committed; after others nobody knows.
  var isCleanAbort: Bool {
    [SQLITE_FULL, SQLITE_BUSY, SQLITE_READONLY, SQLITE_LOCKED, SQLITE_CONSTRAINT].contains(primary)
  }

  init(code: Int32, message: String) {
    self.code = code
    self.message = message
  }

  /// What went wrong last on the connection.
  init(of database: OpaquePointer) {
    self.init(code: sqlite3_extended_errcode(database), message: String(cString: sqlite3_errmsg(database)))
  }

  /// What it means for those who use the store at `path`.
  func storeError(at path: String) -> StoreError {
    switch primary {
    case SQLITE_FULL:
      StoreError(.full, "the disk of \(path) is full; free some space, and writing goes on by itself")
    case SQLITE_READONLY, SQLITE_PERM:
      StoreError(.readOnly, "\(path) cannot be written (\(message)); check its owner, mode and mount")
    case SQLITE_CORRUPT, SQLITE_NOTADB:
      StoreError(
        .corrupt,
        "\(path) is damaged (\(message)); stop the server and put back a backup, or save what can be read "
          + "with `sqlite3 \(path) .recover`")
    case SQLITE_CANTOPEN:
      StoreError(.unavailable, "\(path) cannot be opened (\(message)); check that it exists and who owns it")
    default:
      StoreError(.unavailable, "\(path): \(description)")
    }
  }
}
