package import SwitchyardModel

/// A plugin as `plugin list` shows it; or a file that could not be loaded.
package struct PluginInfo: Hashable, Sendable {
  package enum State: Hashable, Sendable {
    case loaded
    /// Why not.
    case failed(String)
  }

  /// Empty when the file could not be loaded.
  package var id: String
  package var name: String
  package var version: String
  package var vendor: String
  package var license: String
  package var kinds: [PluginKind]
  /// The operator's path.
  package var file: String
  /// SHA-256 of the file, in hexadecimal digits; empty when it was not read.
  package var hash: String
  /// JSON Schema of its configuration; nil: it takes none.
  package var configSchema: String?
  package var state: State
  /// What the host found odd: "changed the floating point mode".
  package var warnings: [String]
  /// Grows with each image of this plugin that was loaded, from 1.
  package var generation: UInt64
  package var loadedAt: Timestamp
}
