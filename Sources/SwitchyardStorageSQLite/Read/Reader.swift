import CSQLite
import SwitchyardModel
import SwitchyardStorage

/// Reads on a connection and a thread of its own, one request after the other. It sees what is committed
/// when a request begins.
actor Reader {
  private let executor: ThreadExecutor
  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
  private let path: String
  private let definitions: DefinitionCache
  private var connection: Connection?
  private var isClosed = false

  init(path: String, definitions: DefinitionCache) throws(StoreError) {
    self.path = path
    self.definitions = definitions
    executor = try ThreadExecutor()
  }

  func read<Value: Sendable>(
    _ body: @Sendable (Session) throws(SQLiteFailure) -> Value
  ) throws(StoreError) -> Value {
    guard !isClosed else { throw .closed }
    do throws(SQLiteFailure) {
      return try body(Session(connection: try open(), definitions: definitions))
    } catch {
      // The next request opens it anew: the file may have come back.
      connection = nil
      throw error.storeError(at: path)
    }
  }

  private func open() throws(SQLiteFailure) -> Connection {
    if let connection { return connection }
    let opened = try Connection.reader(path: path)
    connection = opened
    return opened
  }

  func close() {
    isClosed = true
    connection = nil
  }

  /// What a request works with.
  struct Session {
    let connection: Connection
    let definitions: DefinitionCache

    func statement(_ sql: String) throws(SQLiteFailure) -> Statement { try connection.cachedStatement(sql) }
  }
}
