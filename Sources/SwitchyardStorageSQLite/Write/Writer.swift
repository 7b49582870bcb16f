import CSQLite
import SwitchyardModel
import SwitchyardStorage

/// The one writer, on a thread of its own: one transaction for each group.
actor Writer {
  private let executor: ThreadExecutor
  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  let path: String
  let options: SQLiteOptions
  /// Nil when the connection was given up after an error; the next use opens another.
  var applier: Applier?
  var isClosed = false
  let checkpointer: Checkpointer
  private let definitions: DefinitionCache
  var log = LogState()

  init(
    path: String, connection: Connection, definitions: DefinitionCache, options: SQLiteOptions
  ) throws(StoreError) {
    self.path = path
    self.definitions = definitions
    self.options = options
    executor = try ThreadExecutor()
    checkpointer = try Checkpointer(path: path)
    do { applier = try Applier(connection, definitions: definitions) } catch { throw error.storeError(at: path) }
  }

  func claim(_ shards: [Shard], for server: ServerRef) throws(StoreError) -> Claim {
    let applier = try open()
    if let incarnation = applier.bar(to: server) { throw .superseded(server, by: incarnation) }
    do throws(SQLiteFailure) {
      try applier.connection.execute("BEGIN IMMEDIATE")
      let claim = try applier.claim(shards, for: server)
      if case .failed(let failure, _) = finishTransaction(applier) { throw failure }
      try applier.reload()
      return claim
    } catch {
      abandon(applier, after: error)
      // Whatever was committed, the epochs in memory must not be older than those in the file.
      self.applier = nil
      throw error.storeError(at: path)
    }
  }

  func commit(_ group: CommitGroup) -> CommitOutcome {
    let applier: Applier
    do { applier = try open() } catch { return .aborted(error.message) }
    guard applier.admits(group.server) else { return .expelled }
    var outcome = attempt(group, with: applier, isolating: false)
    // One operation spoils the group: once more, each behind a savepoint of its own, so that it fails alone.
    if outcome == nil { outcome = attempt(group, with: applier, isolating: true) }
    noteLog()
    return outcome ?? .aborted("\(path): the group could not be applied")
  }

  /// - Parameter isolating: an operation that fails is rolled back and answered by `conflict`.
  /// - Returns: nil when an operation failed by its own fault; nothing was applied then.
  private func attempt(_ group: CommitGroup, with applier: Applier, isolating: Bool) -> CommitOutcome? {
    var results: [OpResult] = []
    results.reserveCapacity(group.ops.count)
    do throws(SQLiteFailure) {
      try applier.begin()
      if isolating {
        for op in group.ops { results.append(try isolated(op, with: applier)) }
      } else {
        try applier.apply(group.ops, into: &results)
      }
    } catch {
      abandon(applier, after: error)
      return error.isOfOperation && !isolating ? nil : .aborted(error.storeError(at: path).message)
    }
    switch finishTransaction(applier) {
    case .done: return .done(results)
    case .failed(let failure, isUnknown: false):
      return .aborted(failure.storeError(at: path).message)
    case .failed(let failure, isUnknown: true):
      options.notice(.unknownOutcome(failure.description))
      return .unknown(failure.storeError(at: path).message)
    }
  }

  private func isolated(_ op: StoreOp, with applier: Applier) throws(SQLiteFailure) -> OpResult {
    try applier.connection.execute("SAVEPOINT op")
    do throws(SQLiteFailure) {
      let result = try applier.apply(op)
      try applier.connection.execute("RELEASE op")
      return result
    } catch {
      guard error.isOfOperation else { throw error }
      try applier.connection.execute("ROLLBACK TO op; RELEASE op")
      options.notice(.refusedOperation(error.description))
      return .conflict
    }
  }

  private enum Ending {
    case done
    case failed(SQLiteFailure, isUnknown: Bool)
  }

  /// COMMIT. After an error the connection is given up unless it is certain that nothing was committed.
  private func finishTransaction(_ applier: Applier) -> Ending {
    do throws(SQLiteFailure) {
      if let code = options.faults.beforeCommit() { throw SQLiteFailure(code: code, message: "injected") }
      try applier.commit()
      if let code = options.faults.afterCommit() { throw SQLiteFailure(code: code, message: "injected") }
      return .done
    } catch {
      abandon(applier, after: error)
      if !error.isCleanAbort { self.applier = nil }
      return .failed(error, isUnknown: !error.isCleanAbort)
    }
  }

  /// Rolls back; gives the connection up where its state or the disk's is in doubt.
  private func abandon(_ applier: Applier, after failure: SQLiteFailure) {
    if applier.connection.isInTransaction {
      do { try applier.connection.execute("ROLLBACK") } catch { self.applier = nil }
    }
    if [SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_NOMEM].contains(failure.primary) { self.applier = nil }
  }

  /// The connection, opened again when an error had cost it.
  ///
  /// After a failed fsync the kernel may have dropped what it could not write, so the log's tail is not
  /// trusted: all that is committed is copied into the database and synced before anything new is written.
  func open() throws(StoreError) -> Applier {
    guard !isClosed else { throw .closed }
    if let applier { return applier }
    do throws(SQLiteFailure) {
      let connection = try Connection.writer(path: path, cacheKiB: options.cacheKiB)
      _ = try connection.checkpoint(SQLITE_CHECKPOINT_TRUNCATE)
      let opened = try Applier(connection, definitions: definitions)
      applier = opened
      log = LogState()
      options.notice(.reopened)
      return opened
    } catch {
      throw error.storeError(at: path)
    }
  }

  /// Closes the connections; the last one empties the log and removes it.
  func close() async {
    isClosed = true
    await checkpointer.close()
    applier = nil
  }
}
