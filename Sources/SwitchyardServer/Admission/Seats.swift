import HTTPTypes
import SwitchyardModel
import SwitchyardSystem
import Synchronization

/// A bound on how much of something there is at a time: requests, bytes of bodies, those who wait or follow.
///
/// Whoever comes when all is taken is told when a part of it is likely to be free again.
final class Seats: Sendable {
  private struct State {
    var taken = 0
    var refused: UInt64 = 0
    /// How long one that has left had stayed, on average; of recent ones more than of older ones.
    var stay = Span.seconds(1)
  }

  /// Held until nobody refers to it any more.
  final class Seat: Sendable {
    private let seats: Seats
    private let count: Int
    private let since = SystemClock.boot()

    fileprivate init(_ seats: Seats, _ count: Int) {
      self.seats = seats
      self.count = count
    }

    deinit { seats.leave(count, after: SystemClock.boot() - since) }
  }

  let limit: Int
  /// "log followers and waiting requests": what there are too many of.
  private let what: String
  private let state = Mutex(State())

  init(_ limit: Int, _ what: String) {
    self.limit = max(1, limit)
    self.what = what
  }

  var taken: Int { state.withLock { $0.taken } }
  var refused: UInt64 { state.withLock { $0.refused } }

  /// - Parameter count: how much of it; what is larger than the whole may have it when nobody else has any.
  /// - Throws: 503 with `Retry-After` when there is no room.
  func take(_ count: Int = 1) throws(APIError) -> Seat {
    let wait = state.withLock { state -> Span? in
      guard state.taken > 0, state.taken + count > limit else {
        state.taken += count
        return nil
      }
      state.refused += 1
      // With so many in it, and each staying so long, so much leaves in that time (Little's law).
      let share = Double(state.stay.nanoseconds) * Double(count) / Double(limit)
      return min(max(Span(nanoseconds: Int64(share)), .milliseconds(100)), .seconds(60))
    }
    guard let wait else { return Seat(self, count) }
    throw APIError(
      status: .serviceUnavailable, detail: "there are too many \(what), and at most \(limit): try again later",
      retryAfter: wait)
  }

  private func leave(_ count: Int, after span: Span) {
    state.withLock { state in
      state.taken -= count
      state.stay = Span(nanoseconds: (state.stay.nanoseconds * 7 + span.nanoseconds) / 8)
    }
  }
}
