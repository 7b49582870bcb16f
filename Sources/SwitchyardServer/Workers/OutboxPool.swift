import Synchronization

/// Bounds what waits on all streams of workers together.
///
/// A stream may have as much waiting as there is room left (dynamic thresholds; Choudhury and Hahne, 1998): when many
/// peers do not read, those are cut that have most, and those that read notice nothing.
final class OutboxPool: Sendable {
  private let limit: Int
  private let total = Atomic(0)

  /// - Parameter limit: in bytes.
  init(limit: Int = 512 << 20) { self.limit = limit }

  var bytes: Int { total.load(ordering: .relaxed) }

  /// Takes the bytes in any case.
  ///
  /// - Parameter own: what the stream has now, these bytes included.
  /// - Returns: whether it may have so much.
  func take(_ bytes: Int, having own: Int) -> Bool {
    let before = total.wrappingAdd(bytes, ordering: .relaxed).oldValue
    return own <= limit - before
  }

  func give(_ bytes: Int) { total.wrappingSubtract(bytes, ordering: .relaxed) }
}
