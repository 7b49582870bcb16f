import CSQLite

/// What the writer knows of the write-ahead log.
struct LogState {
  /// Pages in it when it was last copied; it goes on from there until no reader needs it, then begins anew.
  var copied: Int32 = 0
  var isCopying = false
  /// Commits at the last look for idleness.
  var seenCommits: UInt64 = 0
  var isEmpty = true
}

/// When the log is copied into the database.
///
/// Copying ends with a sync of thousands of pages here and there, and a commit that meets it waits as long as that takes.
/// So it begins in a pause between commits: thousands of jobs that are due at once are stored, sent and over before.
/// Where no pause comes, it begins when the log has become long.
///
/// Under load a helper copies it beside the commits, and the writer copies the short rest, since a log that
/// grows while it is copied never comes to the point where it may begin anew. A checkpoint beside commits
/// begins only after a commit that followed the last one: SQLite before 3.51.3 may damage a database when a
/// commit resets a fully copied log during another checkpoint (https://sqlite.org/wal.html, "WAL-reset bug").
/// For the same reason the log is emptied in idle times by the writer itself.
extension Writer {
  /// After a commit.
  func noteLog() {
    guard let pages = applier?.connection.logPages, pages > 0 else { return }
    log.isEmpty = false
    if pages < log.copied { log.copied = 0 }
    guard !log.isCopying, pages - log.copied >= min(options.pausePages, options.checkpointPages) else { return }
    log.isCopying = true
    Task { await self.copyLog() }
  }

  /// Returns in a moment without commits, or when the log is long.
  private func pause() async {
    while let connection = applier?.connection, connection.logPages - log.copied < options.checkpointPages {
      let seen = connection.commits
      try? await Task.sleep(for: options.pause)
      if applier?.connection.commits == seen { return }
    }
  }

  private func copyLog() async {
    await pause()
    guard !isClosed else { return }
    do throws(SQLiteFailure) {
      try await checkpointer.run()
      if let connection = applier?.connection, connection.logPages > 0 {
        let pages = connection.logPages
        _ = try connection.checkpoint(SQLITE_CHECKPOINT_PASSIVE)
        log.copied = pages
      }
    } catch {
      if error.primary != SQLITE_BUSY { options.notice(.checkpointFailed(error.description)) }
    }
    log.isCopying = false
  }

  /// Called from time to time: when nothing was committed since the last call, copies the log and begins it
  /// anew, if no reader is in it. The file keeps its size: a commit that overwrites is durable sooner than one
  /// that makes its file longer, which costs an update of the file system's own log (measured on ext4: 0.18
  /// instead of 0.3 ms in the middle, 0.4 instead of 1.3 ms for one in a hundred).
  func emptyIdleLog() {
    guard let connection = applier?.connection, !log.isCopying, !log.isEmpty else { return }
    guard log.seenCommits == connection.commits else {
      log.seenCommits = connection.commits
      return
    }
    do throws(SQLiteFailure) {
      sqlite3_busy_timeout(connection.handle, 0)
      defer { sqlite3_busy_timeout(connection.handle, Connection.busyMilliseconds) }
      _ = try connection.checkpoint(SQLITE_CHECKPOINT_RESTART)
      log.copied = 0
      log.isEmpty = true
    } catch {
      if error.primary != SQLITE_BUSY { options.notice(.checkpointFailed(error.description)) }
    }
  }
}
