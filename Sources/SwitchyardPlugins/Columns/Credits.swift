import CPluginHost

/// Free slots of all seats, shared by the lanes and the directory without locks. See `ph_credit.h` for the epochs.
package final class Credits: @unchecked Sendable {
  /// More seats than that are never given.
  package static let seatLimit: UInt32 = 1 << 17

  private let words: UnsafeMutablePointer<UInt64>

  package init() {
    // One megabyte of address space, of which only pages of seats in use are ever touched.
    words = .allocate(capacity: Int(Self.seatLimit))
    words.initialize(repeating: 0, count: Int(Self.seatLimit))
  }

  deinit { words.deallocate() }

  /// Takes slots for a placement; false when the seat has fewer, or has moved on to another epoch.
  @inline(__always)
  package func take(_ slots: UInt32, seat: UInt32, epoch: UInt32) -> Bool {
    ph_credit_take(words + Int(seat), epoch, slots) != 0
  }

  @inline(__always)
  package func free(seat: UInt32, epoch: UInt32) -> UInt32 { ph_credit_free(words + Int(seat), epoch) }

  func anyFree(seat: UInt32) -> UInt32 { ph_credit_any(words + Int(seat)) }

  /// - Returns: how many were given that nobody had taken.
  func give(_ slots: UInt32, seat: UInt32, of all: UInt32) -> UInt32 { ph_credit_give(words + Int(seat), slots, all) }

  func force(_ slots: UInt32, seat: UInt32) { ph_credit_force(words + Int(seat), slots) }

  func set(seat: UInt32, epoch: UInt32, free: UInt32) { ph_credit_set(words + Int(seat), epoch, free) }
}
