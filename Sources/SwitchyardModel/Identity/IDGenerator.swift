/// Makes 64-bit identities: 41 bits of milliseconds since 2025, 10 bits of server, 12 bits of sequence
/// (the layout of Twitter's Snowflake). They grow, even when the wall clock steps back: then, and when a
/// millisecond runs out of sequence numbers, the generator lives on borrowed milliseconds.
package struct IDGenerator: Sendable {
  private let server: UInt64
  private var last: UInt64

  private static let epochMilliseconds: Int64 = 1_735_689_600_000

  /// - Parameters:
  ///   - server: this server's number in the cluster; its low 10 bits count.
  ///   - floor: the highest identity known to be taken, so that a clock that was set back while the
  ///     process was down makes no doubles.
  package init(server: UInt16, floor: UInt64 = 0) {
    self.server = UInt64(server & 0x3FF)
    last = (floor >> 22) << 12 | 0xFFF
  }

  /// No identity that was made at this time or later is lower, unless the clock was set back.
  package static func lowest(at wall: Timestamp) -> UInt64 {
    (UInt64(clamping: wall.milliseconds - epochMilliseconds) & (1 << 41 - 1)) << 22
  }

  package mutating func next(at wall: Timestamp) -> UInt64 {
    let milliseconds = UInt64(clamping: wall.milliseconds - Self.epochMilliseconds) & (1 << 41 - 1)
    last = Swift.max(last + 1, milliseconds << 12)
    return (last >> 12) << 22 | server << 12 | (last & 0xFFF)
  }
}
