import CPluginHost
import CSwitchyard

/// A file that has been opened. It stays mapped as long as the process lives: unloading code that somebody may still
/// return into is never worth it.
struct PluginImage: @unchecked Sendable {
  var plugins: [PluginDescription]
  /// What opening it changed of the thread, and was put back; nil: nothing.
  var disturbed: String?

  /// Opens a file and asks what is in it. Runs code of the file: constructors, and the entry.
  ///
  /// - Parameters:
  ///   - path: what is opened; a private copy.
  ///   - name: how the file is called in errors.
  static func open(_ path: String, name: String, log: PluginLog) throws(PluginError) -> PluginImage {
    let before = ThreadState()
    var text: UnsafePointer<CChar>?
    let handle = ph_open(path, &text)
    guard let handle else {
      let reason = text.map { String(cString: $0) } ?? "unknown reason"
      throw PluginError(.notLoadable, "\(name): cannot be loaded: \(hint(reason))")
    }
    var disturbed = before.restore()
    guard let symbol = ph_symbol(handle, "switchyard_plugin_v1") else { throw noEntry(handle, name) }
    let entry = unsafeBitCast(symbol, to: Entry.self)
    let host = HostTable(plugin: name, log: log)
    let first = entry(host.pointer)
    if let more = before.restore() { disturbed = [disturbed, more].compactMap { $0 }.joined(separator: ", ") }
    guard let first else {
      throw PluginError(.entry, "\(name): switchyard_plugin_v1() answered NULL: the plugin refuses; see its log lines")
    }
    let plugins = try DescriptionReader(file: name).plugins(from: first)
    return PluginImage(plugins: plugins, disturbed: disturbed)
  }

  private typealias Entry = @convention(c) (UnsafePointer<sy_host>?) -> UnsafePointer<sy_plugin>?

  private static func noEntry(_ handle: UnsafeMutableRawPointer, _ name: String) -> PluginError {
    let others = [2, 3, 4, 0].filter { ph_symbol(handle, "switchyard_plugin_v\($0)") != nil }
    if let other = others.first {
      return PluginError(
        .entry,
        "\(name): is for major version \(other) of the plugin ABI (it exports switchyard_plugin_v\(other)); "
          + "this server speaks major 1: build it against the header of this server")
    }
    return PluginError(
      .entry,
      "\(name): exports no switchyard_plugin_v1(): no plugin, or the entry is not visible "
        + "(declare it SY_EXPORT, and extern \"C\" in C++)")
  }

  private static func hint(_ reason: String) -> String {
    if reason.contains("failed to map segment") {
      return reason + " (is the directory of private copies mounted noexec?)"
    }
    if reason.contains("undefined symbol") {
      return reason + " (a plugin may not call into the server: everything comes by sy_host)"
    }
    return reason
  }
}
