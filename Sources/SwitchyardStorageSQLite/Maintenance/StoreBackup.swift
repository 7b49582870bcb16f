import CSQLite
import Glibc
package import SwitchyardStorage

/// Copies a store into one file, as it is at one moment, whether a server runs on it or not.
///
/// A read transaction holds that moment while pages are copied, so that a busy server does not make the copy
/// begin anew; its log grows meanwhile, and shrinks after.
package struct StoreBackup {
  private static let pagesOfStep: Int32 = 4_096

  /// - Parameters:
  ///   - directory: the server's data directory.
  ///   - file: must not exist. It is there under its name only when it is whole and on the disk.
  ///   - progress: told how many pages are copied, of how many.
  /// - Returns: the size of the copy in bytes.
  /// - Throws: with what to do.
  @discardableResult
  package static func run(
    from directory: String, to file: String, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(StoreError) -> Int {
    let path = "\(directory)/switchyard.db"
    // Says what is wrong with the source.
    _ = try StoreCheck(at: directory, quick: true)
    guard access(file, F_OK) != 0 else {
      throw StoreError(.unavailable, "\(file) is there already; nothing is overwritten: name another file")
    }
    let partial = "\(file).partial"
    let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw StoreError(
        errno == EROFS || errno == EACCES ? .readOnly : .unavailable,
        "\(partial) cannot be made (\(String(cString: strerror(errno))))"
          + (errno == EEXIST ? "; it is left from a backup that was cut off: remove it" : ""))
    }
    defer { close(descriptor) }
    do throws(StoreError) {
      try copy(path, to: partial, progress)
      guard fsync(descriptor) == 0, rename(partial, file) == 0 else {
        throw StoreError(.unavailable, "\(file) cannot be completed (\(String(cString: strerror(errno))))")
      }
    } catch {
      unlink(partial)
      throw error
    }
    DataDirectory.sync(file.lastIndex(of: "/").map { String(file[...$0]) } ?? ".")
    return Int(lseek(descriptor, 0, SEEK_END))
  }

  private static func copy(
    _ path: String, to file: String, _ progress: (Int, Int) -> Void
  ) throws(StoreError) {
    var failing = path
    do throws(SQLiteFailure) {
      let source = try Connection.reader(path: path)
      try source.execute("BEGIN")
      _ = try source.number("SELECT count(*) FROM shards")
      failing = file
      let target = try Connection(path: file, create: false)
      // The whole file is synced at the end.
      try target.execute("PRAGMA synchronous = OFF")
      guard let backup = sqlite3_backup_init(target.handle, "main", source.handle, "main") else {
        throw SQLiteFailure(of: target.handle)
      }
      var code = SQLITE_OK
      while code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED {
        code = sqlite3_backup_step(backup, pagesOfStep)
        let total = Int(sqlite3_backup_pagecount(backup))
        progress(total - Int(sqlite3_backup_remaining(backup)), total)
      }
      guard sqlite3_backup_finish(backup) == SQLITE_OK, code == SQLITE_DONE else {
        throw SQLiteFailure(of: target.handle)
      }
    } catch {
      throw error.storeError(at: failing)
    }
  }
}
