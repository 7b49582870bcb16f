import CSQLite
import SwitchyardStorage

/// Copies the log into the database beside the writer, on a connection and a thread of its own, so that no
/// commit waits for it.
actor Checkpointer {
  private let executor: ThreadExecutor
  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
  private let path: String
  private var connection: Connection?

  init(path: String) throws(StoreError) {
    self.path = path
    executor = try ThreadExecutor()
  }

  func run() throws(SQLiteFailure) {
    do throws(SQLiteFailure) {
      _ = try open().checkpoint(SQLITE_CHECKPOINT_PASSIVE)
    } catch {
      if error.primary == SQLITE_BUSY { return }
      connection = nil
      throw error
    }
  }

  private func open() throws(SQLiteFailure) -> Connection {
    if let connection { return connection }
    let opened = try Connection.checkpointer(path: path)
    connection = opened
    return opened
  }

  func close() { connection = nil }
}
