import CSQLite
import Glibc
import SwitchyardStorage

/// An answer of SQLite other than success.
struct SQLiteFailure: Error, CustomStringConvertible {
  /// The extended result code.
  var code: Int32
  var message: String
  /// `errno` of the system call that failed; 0 when none did.
  var systemError: Int32 = 0

  var primary: Int32 { code & 0xFF }
  var description: String {
    "\(message) (SQLite \(code)\(systemError == 0 ? "" : ", \(String(cString: strerror(systemError)))"))"
  }

  /// There is no room: on the disk, in a quota, or under a limit on the size of files. SQLite knows the first alone.
  private var isFull: Bool {
    primary == SQLITE_FULL || (primary == SQLITE_IOERR && [ENOSPC, EDQUOT, EFBIG].contains(systemError))
  }

  /// Nothing may be written: by the rights of the file, or since the file system has become read-only.
  private var isReadOnly: Bool {
    primary == SQLITE_READONLY || primary == SQLITE_PERM || (primary == SQLITE_IOERR && systemError == EROFS)
  }

  /// The operation is at fault, not the store: the same operation would fail again.
  var isOfOperation: Bool {
    [SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_TOOBIG, SQLITE_RANGE].contains(primary)
  }

  /// At COMMIT these say that nothing was committed; after others nobody knows. A write that the file system
  /// refused left the log without the frame that ends the transaction; a failed fsync says nothing.
  var isCleanAbort: Bool {
    [SQLITE_FULL, SQLITE_BUSY, SQLITE_READONLY, SQLITE_LOCKED, SQLITE_CONSTRAINT].contains(primary)
      || (code == Self.failedWrite && (isFull || isReadOnly))
  }

  /// SQLITE_IOERR_WRITE, a macro that Swift cannot import.
  private static let failedWrite = SQLITE_IOERR | (3 << 8)

  init(code: Int32, message: String) {
    self.code = code
    self.message = message
  }

  /// What went wrong last on the connection, to be called at once.
  init(of database: OpaquePointer) {
    let last = errno
    self.init(code: sqlite3_extended_errcode(database), message: String(cString: sqlite3_errmsg(database)))
    if code == Self.failedWrite {
      // SQLite keeps it for statements that could not be prepared alone.
      systemError = last
    } else if primary == SQLITE_CANTOPEN {
      systemError = sqlite3_system_errno(database)
    }
  }

  /// What it means for those who use the store at `path`.
  func storeError(at path: String) -> StoreError {
    if isFull {
      return StoreError(.full, "the disk of \(path) is full; free some space, and writing goes on by itself")
    }
    if isReadOnly {
      return StoreError(.readOnly, "\(path) cannot be written (\(description)); check its owner, mode and mount")
    }
    switch primary {
    case SQLITE_CORRUPT, SQLITE_NOTADB:
      return StoreError(
        .corrupt,
        "\(path) is damaged (\(message)); stop the server and put back a backup, or save what can be read "
          + "with `sqlite3 \(path) .recover`")
    case SQLITE_CANTOPEN:
      return StoreError(
        .unavailable, "\(path) cannot be opened (\(description)); check that it exists and who owns it")
    default:
      return StoreError(.unavailable, "\(path): \(description)")
    }
  }
}
