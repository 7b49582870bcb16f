import Foundation

/// What standard output and standard error are connected to.
enum Terminal {
  static let isOutput = isatty(STDOUT_FILENO) != 0
  static let isErrors = isatty(STDERR_FILENO) != 0

  /// Only on a terminal that can, and not where `NO_COLOR` is set to anything (no-color.org).
  static let hasColours = isOutput && colours(in: ProcessInfo.processInfo.environment)

  static func colours(in environment: [String: String]) -> Bool {
    environment["NO_COLOR", default: ""].isEmpty && environment["TERM", default: "dumb"] != "dumb"
  }
}

/// What was printed goes out at once, to a pipe too.
func flushOutput() { fflush(nil) }

/// The word for a state, in the colour of what it asks of the reader: red wants a look, yellow wants patience.
func coloured(state: String) -> String {
  guard Terminal.hasColours else { return state }
  let code: String? =
    switch state {
    case "succeeded", "enabled", "alive", "loaded", "live": "32"
    case "running", "dispatched": "36"
    case "waiting", "queued", "stopping", "draining", "paused", "held", "suspended": "33"
    case "failed", "timed-out", "lost", "expired": "31"
    case "stopped", "cancelled", "skipped", "deleted", "left": "2"
    case let other where other.hasPrefix("refused"): "31"
    default: nil
    }
  return code.map { "\u{1B}[\($0)m\(state)\u{1B}[0m" } ?? state
}
