import Glibc
package import SwitchyardModel

/// The clocks of this machine. Drivers read them once for each event; nothing below a driver does.
package enum SystemClock {
  package static func now() -> Instants { Instants(wall: wall(), boot: boot()) }

  package static func wall() -> Timestamp { Timestamp(nanoseconds: read(CLOCK_REALTIME)) }

  /// CLOCK_BOOTTIME: never steps, and counts while the machine sleeps.
  package static func boot() -> BootTime { BootTime(nanoseconds: read(CLOCK_BOOTTIME)) }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
