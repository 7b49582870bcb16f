import SwitchyardModel

/// Paths of the API with names in them that somebody typed. What cannot be a name is refused here: an empty one would
/// lead to another path.
enum Paths {
  static func app(_ name: String) throws -> String { "/apps/\(try checked(name, "app", NameRule.app))" }

  static func job(_ name: String, of app: String) throws -> String {
    "\(try Self.app(app))/jobs/\(try checked(name, "job", NameRule.identifier))"
  }

  static func plugin(_ id: String) throws -> String { "/plugins/\(try checked(id, "plugin", NameRule.identifier))" }

  static func instance(_ id: String) throws -> String {
    let accepted = "13 letters and digits, as `switchyard instance list` shows them"
    return "/instances/\(try checked(id, "instance") { InstanceID($0) == nil ? accepted : nil })"
  }

  private static func checked(_ text: String, _ what: String, _ rule: (String) -> String?) throws -> String {
    if let accepted = rule(text) { throw CLIError("\(what): must be \(accepted), found \(quoted(text))") }
    return text
  }
}
