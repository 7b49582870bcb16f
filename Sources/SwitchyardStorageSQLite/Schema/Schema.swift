import SwitchyardStorage

/// The schema and its versions: `PRAGMA user_version` is the number of the last migration that was applied.
/// Migrations only go forward.
enum Schema {
  /// "SWYD", in `PRAGMA application_id`: what tells a store from any other SQLite file.
  private static let applicationID: Int64 = 0x5357_5944

  private static let migrations: [[UInt8]] = [
    PackageResources.v0001_first_sql
  ]

  /// The newest version that this program knows.
  static var newest: Int { migrations.count }

  /// Brings the file to the newest version, each step in a transaction of its own.
  ///
  /// - Throws: `tooNew` when a later program has written it, `corrupt` when it is no store.
  static func migrate(_ connection: Connection, path: String) throws(StoreError) {
    let version = try version(of: connection, path: path)
    do throws(SQLiteFailure) {
      for (index, migration) in migrations.enumerated().dropFirst(version) {
        let sql = String(decoding: migration, as: UTF8.self)
        try connection.execute(
          """
          BEGIN IMMEDIATE; \(sql);
          PRAGMA user_version = \(index + 1); PRAGMA application_id = \(applicationID); COMMIT
          """)
      }
    } catch {
      throw error.storeError(at: path)
    }
  }

  /// The version that the file has; 0 when nothing is in it.
  ///
  /// - Throws: `tooNew` when a later program has written it, `corrupt` when it is no store.
  static func version(of connection: Connection, path: String) throws(StoreError) -> Int {
    let version: Int64
    let application: Int64
    let isEmpty: Bool
    do throws(SQLiteFailure) {
      version = try connection.number("PRAGMA user_version")
      application = try connection.number("PRAGMA application_id")
      isEmpty = try connection.number("SELECT count(*) FROM sqlite_schema") == 0
    } catch {
      throw error.storeError(at: path)
    }
    guard application == applicationID || (isEmpty && application == 0 && version == 0) else {
      throw StoreError(
        .corrupt, "\(path) is a database of another program; give this server another data directory")
    }
    guard version <= Int64(newest) else {
      throw StoreError(
        .tooNew,
        "\(path) has schema version \(version), this program knows \(newest); start the newer "
          + "switchyard that wrote it, or put back the backup from before its upgrade")
    }
    return Int(max(0, version))
  }
}
