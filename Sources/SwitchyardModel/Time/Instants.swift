/// What the clocks said when an event was handed to a machine.
///
/// Two clocks, because they answer different questions: `wall` says which due times have come and may
/// jump; `boot` (CLOCK_BOOTTIME: counts through suspend, never jumps) measures leases, deadlines and
/// timers. A machine never reads a clock itself.
package struct Instants: Hashable, Sendable {
  package var wall: Timestamp
  package var boot: BootTime

  package init(wall: Timestamp, boot: BootTime) {
    self.wall = wall
    self.boot = boot
  }
}

/// A point on this machine's boot-time clock, in nanoseconds. It means nothing on another machine.
package struct BootTime: Hashable, Comparable, Sendable {
  package var nanoseconds: Int64

  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  package static let distantFuture = BootTime(nanoseconds: .max)

  package static func < (a: BootTime, b: BootTime) -> Bool { a.nanoseconds < b.nanoseconds }

  package static func + (a: BootTime, b: Span) -> BootTime {
    BootTime(nanoseconds: saturatingSum(a.nanoseconds, b.nanoseconds))
  }

  package static func - (a: BootTime, b: Span) -> BootTime {
    BootTime(nanoseconds: saturatingDifference(a.nanoseconds, b.nanoseconds))
  }

  package static func - (a: BootTime, b: BootTime) -> Span {
    Span(nanoseconds: saturatingDifference(a.nanoseconds, b.nanoseconds))
  }
}
