import SwitchyardCore
import SwitchyardModel

/// The chunks of logs that wait for the disk, and who may have how many waiting.
///
/// A stream may have as much waiting as there is room left (dynamic thresholds; Choudhury and Hahne, 1998): one that
/// floods gets half of the room, however fast it is, and those that come later still find some.
struct LogBacklog: Sendable {
  enum Verdict: Equatable, Sendable {
    case kept
    /// Left out, and to be told of in the log; see ``takeCut(of:)``.
    case cut
    /// Left out, as chunks before it of which the log has not been told yet.
    case cutFurther
  }

  /// In bytes.
  let limit: Int
  private(set) var bytes = 0
  private var waiting: [ConnectionID: Int] = [:]
  /// Logs that are left out and have not been told so.
  private var cuts: [AttemptRef: Cut] = [:]

  struct Cut: Sendable {
    /// The offset up to which it is left out.
    var end: UInt64
    var acknowledge: @Sendable (UInt64) -> Void
  }

  init(limit: Int) { self.limit = limit }

  /// - Parameter acknowledge: kept with what is left out; the newest, since older ones may be of streams that broke.
  mutating func admit(
    _ chunk: LogChunk, from connection: ConnectionID, acknowledge: @escaping @Sendable (UInt64) -> Void = { _ in }
  ) -> Verdict {
    let own = waiting[connection, default: 0] + Self.weight(of: chunk)
    guard own <= limit - bytes else {
      return cuts.updateValue(Cut(end: chunk.end, acknowledge: acknowledge), forKey: chunk.attempt) == nil
        ? .cut : .cutFurther
    }
    // What is missing before a chunk that is kept, its record tells.
    cuts[chunk.attempt] = nil
    waiting[connection] = own
    bytes += Self.weight(of: chunk)
    return .kept
  }

  /// The chunk is written, or lost.
  mutating func release(_ chunk: LogChunk, from connection: ConnectionID) {
    let left = waiting[connection, default: 0] - Self.weight(of: chunk)
    waiting[connection] = left > 0 ? left : nil
    bytes -= Self.weight(of: chunk)
  }

  /// What is left out of the log; nil: a chunk that was kept since then tells it.
  mutating func takeCut(of attempt: AttemptRef) -> Cut? { cuts.removeValue(forKey: attempt) }

  /// A chunk takes memory however short it is.
  private static func weight(of chunk: LogChunk) -> Int { 256 + chunk.bytes.count }
}

extension LogChunk {
  /// The offset after it.
  var end: UInt64 {
    let (end, overflow) = offset.addingReportingOverflow(UInt64(bytes.count))
    return overflow ? .max : end
  }
}
