import Glibc

/// A file descriptor that closes with its owner.
final class Descriptor: Sendable {
  let number: Int32

  init(owning number: Int32) { self.number = number }

  deinit { Glibc.close(number) }

  /// The same file under a number that is at least `floor`, closed on exec; the old number is given up.
  ///
  /// A child is handed descriptors under low, agreed numbers: while those are being set up one by one, none of the
  /// sources may bear such a number itself.
  static func owning(_ number: Int32, atLeast floor: Int32) -> Descriptor? {
    guard number < floor else { return Descriptor(owning: number) }
    let moved = fcntl(number, F_DUPFD_CLOEXEC, floor)
    Glibc.close(number)
    return moved < 0 ? nil : Descriptor(owning: moved)
  }
}
