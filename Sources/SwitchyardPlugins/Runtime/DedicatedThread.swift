import CPluginHost

/// A thread of its own, for code that may be slow or block: plugins never run on Swift's cooperative pool.
package enum DedicatedThread {
  private final class Start: Sendable {
    let lane: Int32
    let body: @Sendable () -> Void
    init(lane: Int32, body: @escaping @Sendable () -> Void) {
      self.lane = lane
      self.body = body
    }
  }

  /// - Parameters:
  ///   - name: shown by debuggers and `top -H`; cut to 15 characters.
  ///   - lane: number of the lane that it serves, for crash reports; -1: none.
  /// - Returns: false when the system has no thread to give; the body then never runs.
  package static func start(_ name: String, lane: Int32 = -1, _ body: @escaping @Sendable () -> Void) -> Bool {
    let start = Unmanaged.passRetained(Start(lane: lane, body: body))
    let status = ph_thread_start(name, 1 << 20, start.toOpaque()) { context in
      guard let context else { return }
      let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
      ph_thread_begin(start.lane)
      start.body()
    }
    if status != 0 { start.release() }
    return status == 0
  }
}

/// Nanoseconds of CLOCK_MONOTONIC: `now_ns` of all calls to plugins.
package typealias Monotonic = Int64

package enum HostClock {
  @inline(__always)
  package static var now: Monotonic { ph_now() }
  package static var wall: Int64 { ph_wall() }
}
