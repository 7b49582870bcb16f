import SwitchyardModel

/// Notices that the wall clock was set, by looking at it beside the boot clock, which nobody sets.
///
/// | the wall clock | what follows |
/// | --- | --- |
/// | goes on as the boot clock does, or is slewed (NTP: at most 0.5 ms a second) | nothing |
/// | steps by over a second, either way | nothing fires until it has been steady for a while, or for a minute at most |
///
/// Due times that a step forward leapt over are late then, and each job's ``Misfire`` says what becomes of them. After a
/// step back no due time fires a second time, because a job never goes back: it is due next when the clock has caught up.
/// (Where that is far away because the clock had been wrong for long, pausing and resuming a job counts it anew.)
struct ClockWatch: Sendable {
  /// Wall minus boot, when last looked at.
  private var offset: Int64?
  /// When the first of several steps was seen.
  private var since: BootTime?
  /// Until when nothing fires; nil: the clock is steady.
  private(set) var holdsUntil: BootTime?

  static let smallest = Span.seconds(1)
  static let steady = Span.seconds(5)
  static let longest = Span.seconds(60)

  var isHolding: Bool { holdsUntil != nil }

  /// Returns by how much the wall clock was set since the last look, where that is a step.
  mutating func look(at now: Instants) -> Span? {
    let current = now.wall.nanoseconds &- now.boot.nanoseconds
    defer { offset = current }
    guard let offset else { return nil }
    let step = Span(nanoseconds: current) - Span(nanoseconds: offset)
    guard step > Self.smallest || step < .zero - Self.smallest else { return nil }
    let first = since ?? now.boot
    since = first
    holdsUntil = min(now.boot + Self.steady, first + Self.longest)
    return step
  }

  /// Returns whether the hold is over with this.
  mutating func mayRelease(at now: BootTime) -> Bool {
    guard let until = holdsUntil, now >= until else { return false }
    holdsUntil = nil
    since = nil
    return true
  }
}
