import CSQLite
import SwitchyardModel

/// Reads the columns of one row from left to right.
struct Row {
  let statement: OpaquePointer
  private var index: Int32 = -1

  init(statement: OpaquePointer) { self.statement = statement }

  mutating func int64() -> Int64 {
    index += 1
    return sqlite3_column_int64(statement, index)
  }

  mutating func optionalInt64() -> Int64? {
    index += 1
    return isNull ? nil : sqlite3_column_int64(statement, index)
  }

  mutating func text() -> String {
    index += 1
    return currentText
  }

  mutating func optionalText() -> String? {
    index += 1
    return isNull ? nil : currentText
  }

  mutating func uint64() -> UInt64 { UInt64(bitPattern: int64()) }
  mutating func uint32() -> UInt32 { UInt32(truncatingIfNeeded: int64()) }
  mutating func int32() -> Int32 { Int32(truncatingIfNeeded: int64()) }
  mutating func shard() -> Shard { Shard(UInt8(truncatingIfNeeded: int64())) }
  mutating func timestamp() -> Timestamp { Timestamp(nanoseconds: int64()) }
  mutating func optionalTimestamp() -> Timestamp? { optionalInt64().map(Timestamp.init(nanoseconds:)) }
  mutating func id<ID: Identifier>(_: ID.Type = ID.self) -> ID { ID(rawValue: uint64()) }
  mutating func optionalID<ID: Identifier>(_: ID.Type = ID.self) -> ID? {
    optionalInt64().map { ID(rawValue: UInt64(bitPattern: $0)) }
  }

  /// A number or a text, whichever it is; nil for NULL.
  mutating func occurrence(of id: InstanceID) -> Occurrence {
    index += 1
    return switch sqlite3_column_type(statement, index) {
    case SQLITE_NULL: .submitted(id)
    case SQLITE_INTEGER: .due(Timestamp(nanoseconds: sqlite3_column_int64(statement, index)))
    default: Occurrence(text: currentText)
    }
  }

  /// A value of an enumeration by its number.
  mutating func choice<Value: RawRepresentable<UInt8>>(_: Value.Type = Value.self) throws(SQLiteFailure) -> Value {
    let raw = int64()
    guard let value = UInt8(exactly: raw).flatMap(Value.init(rawValue:)) else {
      throw .damaged("\(raw) is no \(Value.self)")
    }
    return value
  }

  private var isNull: Bool { sqlite3_column_type(statement, index) == SQLITE_NULL }

  private var currentText: String {
    guard let text = sqlite3_column_text(statement, index) else { return "" }
    let count = Int(sqlite3_column_bytes(statement, index))
    return String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self)
  }
}

extension UInt64 {
  init(row: inout Row) { self = row.uint64() }
}

extension Identifier {
  init(row: inout Row) { self = row.id() }
}

extension SQLiteFailure {
  /// A row holds what this program never wrote.
  static func damaged(_ what: String) -> SQLiteFailure {
    SQLiteFailure(code: SQLITE_CORRUPT, message: what)
  }
}
