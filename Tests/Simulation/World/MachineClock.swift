import SwitchyardModel

/// The two clocks of one machine, as functions of true time.
struct MachineClock {
  /// What the boot clock shows when the world begins.
  private(set) var bootStart: Int64
  /// By how many millionths the boot clock is too fast.
  let drift: Int64
  /// How far the wall clock is from the truth.
  var wallOffset: Int64 = 0
  /// A planted bug: what should be measured by the boot clock is measured by the wall clock.
  var measuresByWall = false
  /// What the wall clock shows when the world begins, if it is right.
  let wallStart: Int64

  init(bootStart: Int64, drift: Int64, wallStart: Int64) {
    self.bootStart = bootStart
    self.drift = drift
    self.wallStart = wallStart
  }

  func boot(at now: Int64) -> Int64 { bootStart + now + now * drift / 1_000_000 + error }
  private var error: Int64 { measuresByWall ? wallOffset : 0 }
  func wall(at now: Int64) -> Int64 { wallStart + now + wallOffset }

  func instants(at now: Int64) -> Instants {
    Instants(wall: Timestamp(nanoseconds: wall(at: now)), boot: BootTime(nanoseconds: boot(at: now)))
  }

  /// The first true time at which the boot clock shows this; far in the future for what is days away.
  func time(ofBoot boot: BootTime) -> Int64 {
    let elapsed = min(max(0, boot.nanoseconds - bootStart - error), 4_000 * second)
    return elapsed * 1_000_000 / (1_000_000 + drift) + 2
  }

  /// A virtual machine was paused: its clocks did not move, until somebody sets the wall clock.
  mutating func standStill(for span: Int64) {
    bootStart -= span + span * drift / 1_000_000
    wallOffset -= span
  }
}
