/// The rules of ``NameRule`` as patterns.
extension Schema {
  package static let appName = text(1...64, pattern: "^[a-z0-9][a-z0-9._-]*$")
  /// Of an app, or `*` for all.
  package static let appOrAll = text(1...64, pattern: #"^(\*|[a-z0-9][a-z0-9._-]*)$"#)
  /// Of a job or a plugin.
  package static let jobName = text(1...128, pattern: "^[a-z0-9][a-z0-9._-]*$")
  package static let tag = text(1...64, pattern: "^[A-Za-z0-9][A-Za-z0-9._:/@+=-]*$")
  package static let environmentName = text(
    1...128, pattern: "^(?![Ss][Ww][Ii][Tt][Cc][Hh][Yy][Aa][Rr][Dd]_)[A-Za-z_][A-Za-z0-9_]*$")
  package static let headerName = text(1...128, pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$").with("format", "header-name")
  package static let zoneName = format("time-zone").example("Europe/Paris")

  /// Text of any number of lines.
  package static func lines(_ count: ClosedRange<Int>) -> Schema {
    text(count, pattern: #"^[^\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]*$"#)
  }
}
