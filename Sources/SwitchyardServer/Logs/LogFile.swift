import Glibc

/// One attempt's log on disk: records of `offset u64 | dropped u64 | length u32 | bytes`, little-endian.
///
/// Bytes are kept as they came; what was left out is a number in a record, not text among the bytes. A
/// record that a crash cut off is ignored by readers and overwritten by the next writer.
struct LogFile {
  static let headerBytes = 20
  /// No offset is higher.
  static let longest: UInt64 = 1 << 48

  struct Record {
    var offset: UInt64
    var dropped: UInt64
    var bytes: [UInt8]
  }

  private let descriptor: Int32
  /// Where the next record goes in the file.
  private(set) var position: Int
  /// The offset in the log after the last byte that was kept or counted as left out.
  private(set) var end: UInt64
  /// The last record when it only counts what was left out: it grows in place.
  private var tally: (position: Int, dropped: UInt64)?

  /// Opens for writing, after the last whole record.
  init?(appendingTo path: String) {
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return nil }
    position = 0
    end = 0
    while let (record, next) = Self.read(descriptor, at: position) {
      end = record.offset + UInt64(record.bytes.count)
      tally = record.bytes.isEmpty ? (position, record.dropped) : nil
      position = next
    }
    // What a crash cut off must not show again behind a shorter record.
    ftruncate(descriptor, position)
  }

  /// - Returns: false when the disk did not take it; the file is as it was then.
  mutating func append(_ record: Record) -> Bool {
    var data: [UInt8] = []
    data.reserveCapacity(Self.headerBytes + record.bytes.count)
    withUnsafeBytes(of: record.offset.littleEndian) { data.append(contentsOf: $0) }
    withUnsafeBytes(of: record.dropped.littleEndian) { data.append(contentsOf: $0) }
    withUnsafeBytes(of: UInt32(record.bytes.count).littleEndian) { data.append(contentsOf: $0) }
    data.append(contentsOf: record.bytes)
    guard pwrite(descriptor, data, data.count, position) == data.count else {
      ftruncate(descriptor, position)
      return false
    }
    tally = record.bytes.isEmpty ? (position, record.dropped) : nil
    position += data.count
    end = record.offset + UInt64(record.bytes.count)
    return true
  }

  /// Counts bytes up to an offset as left out, in one record however often this is called in a row.
  mutating func leaveOut(_ count: UInt64, upTo offset: UInt64) -> Bool {
    var dropped = count
    if let tally {
      dropped = tally.dropped &+ count
      position = tally.position
    }
    return append(Record(offset: offset, dropped: dropped, bytes: []))
  }

  func close() { Glibc.close(descriptor) }

  /// The record that begins there and where the next one does; nil at the end.
  static func read(_ descriptor: Int32, at position: Int) -> (Record, next: Int)? {
    var header = [UInt8](repeating: 0, count: headerBytes)
    guard pread(descriptor, &header, headerBytes, position) == headerBytes else { return nil }
    let (offset, dropped, length) = header.withUnsafeBytes {
      (
        UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
        UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
        Int(UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: 16, as: UInt32.self)))
      )
    }
    guard length <= 1 << 20, offset <= longest else { return nil }
    var bytes = [UInt8](repeating: 0, count: length)
    guard pread(descriptor, &bytes, length, position + headerBytes) == length else { return nil }
    return (Record(offset: offset, dropped: dropped, bytes: bytes), position + headerBytes + length)
  }
}
