/// How a store on SQLite is kept.
package struct SQLiteOptions: Sendable {
  /// Pages of 4 KiB that the write-ahead log gathers before they are copied into the database at the next pause between
  /// commits.
  package var pausePages: Int32 = 1_024
  /// How long a pause is.
  package var pause: Duration = .milliseconds(5)
  /// Pages of 4 KiB that the write-ahead log may gather before they are copied though no pause has come.
  package var checkpointPages: Int32 = 65_536
  /// Memory for pages of the connection that writes, in KiB. With more, large groups write each page once.
  package var cacheKiB = 32_768
  /// How often the store looks whether it is idle; when it is, the log is copied and
  /// begins anew.
  package var idleAfter: Duration = .seconds(2)
  /// Less free space than this on the disk of the store is told, in bytes.
  package var lowSpace: UInt64 = 256 << 20
  /// Told what goes wrong and is survived, for logs and metrics. Called on threads of the store: be quick.
  package var notice: @Sendable (SQLiteNotice) -> Void = { _ in }
  /// For tests of failing disks; called around every COMMIT, on the writer's thread.
  package var faults = SQLiteFaults()

  package init() {}
}

/// What the store survived.
package enum SQLiteNotice: Sendable {
  /// An operation could not be carried out by the database and was answered with `conflict`.
  case refusedOperation(String)
  /// A commit came to an unknown end; the database is closed and opened again before the next.
  case unknownOutcome(String)
  case reopened
  case checkpointFailed(String)
  /// The disk has so many bytes left: time to make room. Told once, until there is plenty again.
  case lowSpace(free: UInt64, path: String)
  case enoughSpace(free: UInt64, path: String)

  /// Somebody should look.
  package var isTrouble: Bool {
    switch self {
    case .reopened, .enoughSpace: false
    case .refusedOperation, .unknownOutcome, .checkpointFailed, .lowSpace: true
    }
  }
}

/// Errors to be had instead of those of a disk: a result code of SQLite, or nil.
package struct SQLiteFaults: Sendable {
  package var beforeCommit: @Sendable () -> Int32? = { nil }
  /// The commit has been made, and is reported as having failed so.
  package var afterCommit: @Sendable () -> Int32? = { nil }
  package init() {}
}
