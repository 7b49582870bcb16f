package import CPluginHost

/// One plugin of one loaded file: one generation of its image.
package final class LoadedPlugin: @unchecked Sendable {
  package let id: String
  package let version: String
  package let tables: PluginTables
  package let counters: PluginCounters
  package let control: ControlThread
  let description: PluginDescription
  /// For crash reports: read by a signal handler, so it is never freed.
  package let crashName: UnsafePointer<ph_plugin_name>

  init(description: PluginDescription, file: String, control: ControlThread, counters: PluginCounters) {
    self.description = description
    self.control = control
    self.counters = counters
    id = description.id
    version = description.version
    tables = description.tables
    let name = UnsafeMutablePointer<ph_plugin_name>.allocate(capacity: 1)
    name.initialize(to: ph_plugin_name(id: Self.permanent(id), file: Self.permanent(file)))
    crashName = UnsafePointer(name)
  }

  package func offers(_ kind: PluginKind) -> Bool { tables.kinds.contains(kind) }

  private static func permanent(_ text: String) -> UnsafePointer<CChar> {
    let bytes = Array(text.utf8CString)
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
    copy.initialize(from: bytes, count: bytes.count)
    return UnsafePointer(copy)
  }
}
