import CSQLite

extension Connection {
  /// The one connection that writes. Every COMMIT is on the disk when it returns (`synchronous = FULL`).
  static func writer(path: String, cacheKiB: Int) throws(SQLiteFailure) -> Connection {
    let connection = try Connection(path: path, create: true)
    // secure_delete, on by default in Debian, would overwrite with zeros what is deleted.
    try connection.execute(
      """
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA wal_autocheckpoint = 0;
      PRAGMA journal_size_limit = 67108864;
      PRAGMA secure_delete = OFF;
      PRAGMA temp_store = MEMORY;
      PRAGMA trusted_schema = OFF;
      PRAGMA cache_size = -\(cacheKiB);
      """)
    connection.watchLog()
    return connection
  }

  static func reader(path: String) throws(SQLiteFailure) -> Connection {
    let connection = try Connection(path: path, create: false)
    try connection.execute(
      "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -8192")
    return connection
  }

  static func checkpointer(path: String) throws(SQLiteFailure) -> Connection {
    let connection = try Connection(path: path, create: false)
    try connection.execute("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -1024")
    return connection
  }
}
