/// Why a plugin cannot be loaded or used. The message is whole by itself: it names the file or the plugin, says what is
/// wrong and what to do.
package struct PluginError: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Code: String, CaseIterable, Sendable {
    /// The file cannot be read.
    case unreadable
    /// Others than root and this user may change the file or its directory.
    case untrusted
    /// No ELF file for this machine.
    case notLoadable
    /// It did not survive being opened in a child process.
    case probeFailed
    /// It has no entry, or only that of another major version.
    case entry
    /// What it says of itself breaks the ABI.
    case description
    /// Another file has brought a plugin of that id.
    case duplicate
    /// There is no plugin of that id, or it does not offer what it is wanted for.
    case missing
    /// The plugin refuses its configuration.
    case configuration
    /// A function of the plugin failed, or did not come back.
    case failed
  }

  package var code: Code
  package var message: String
  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  package var description: String { message }
}
