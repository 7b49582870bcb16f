/// Why a policy cannot be made live. The message is whole by itself and carries the plugin's own words.
package struct PlacementError: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Code: String, CaseIterable, Sendable {
    /// A plugin is not loaded, or does not offer what the policy wants it for.
    case missing
    /// A plugin refuses its configuration.
    case configuration
    /// A plugin failed in another way.
    case failed
    /// The policy breaks a bound.
    case invalid
    /// A newer revision is live already.
    case stale
    /// The engine is stopping.
    case stopped
  }

  package var code: Code
  /// Where in the policy: `balancer`, `filters[1]`; empty: as a whole.
  package var path: String
  package var message: String
  package init(_ code: Code, path: String = "", _ message: String) {
    self.code = code
    self.path = path
    self.message = message
  }

  package var description: String { path.isEmpty ? message : "\(path): \(message)" }
}
