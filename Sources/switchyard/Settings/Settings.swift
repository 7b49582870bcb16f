import Foundation
import SwitchyardModel
import SwitchyardSystem
import Yams

/// The one reader of settings: flags, then environment, then file, then default.
struct Settings {
  /// Where a value came from.
  enum Origin: Equatable {
    case environment(variable: String)
    case file(path: String)
  }

  /// What names the file, and what a job finds in its environment: no settings.
  private static let others: Set<String> = [
    "CONFIG", "INSTANCE", "ATTEMPT", "JOB", "APP", "DUE", "WORKER", "PARAMETERS", "PARAMETERS_FILE", "RESULT",
  ]

  private let environment: [String: String]
  private let file: JSONObject
  /// The file that was read, or the one that would be.
  let path: String
  let hasFile: Bool

  /// - Throws: `CLIError` when the file is there and cannot be read, or names a setting that there is not.
  init(environment: [String: String] = ProcessInfo.processInfo.environment) throws {
    self.environment = environment
    let home = environment["HOME"] ?? "/"
    let candidates =
      environment["SWITCHYARD_CONFIG"].map { [$0] } ?? [
        (environment["XDG_CONFIG_HOME"] ?? "\(home)/.config") + "/switchyard/config.yaml",
        "/etc/switchyard/config.yaml",
      ]
    let found = candidates.first { FileManager.default.fileExists(atPath: $0) }
    if found == nil, let named = environment["SWITCHYARD_CONFIG"] {
      throw CLIError("SWITCHYARD_CONFIG names \(quoted(named)), which is not there")
    }
    path = found ?? candidates[0]
    hasFile = found != nil
    guard hasFile else {
      file = JSONObject()
      return
    }
    let documents = try YAMLFile.documents(at: path)
    guard documents.count == 1, case .object(let object) = documents[0] else {
      throw CLIError("\(path): must be one YAML mapping of settings, as `server-url: http://127.0.0.1:7410`")
    }
    if let stranger = object.members.first(where: { Setting(rawValue: $0.name) == nil }) {
      let names = Setting.allCases.map(\.rawValue)
      let hint = nearest(to: stranger.name, among: names).map { "did you mean \(quoted($0))?" }
      throw CLIError(
        "\(path): there is no setting \(quoted(stranger.name)); \(hint ?? "there are \(names.joined(separator: ", "))")"
      )
    }
    file = object
  }

  /// The text of a setting, as the command line said it or as it was found.
  func text(_ flag: String?, _ setting: Setting) throws -> String? {
    try flag ?? found(setting)?.text
  }

  /// What is set elsewhere than on the command line; nil: the default holds.
  func found(_ setting: Setting) throws -> (text: String, origin: Origin)? {
    if let value = environment[setting.variable], !value.isEmpty {
      return (value, .environment(variable: setting.variable))
    }
    let text: String
    switch file[setting.rawValue] {
    case nil, .null: return nil
    case .string(let value): text = value
    case .integer(let number): text = "\(number)"
    case .number(let number): text = "\(number)"
    case .bool(let bool): text = "\(bool)"
    case .array(let values): text = values.compactMap(\.stringValue).joined(separator: ",")
    case .object: throw CLIError("\(path): \(setting.rawValue) must be a text, a number or a list")
    }
    return (text, .file(path: path))
  }

  /// Variables of the environment that look like settings and are none, sorted: misspelt ones, most likely.
  var strangers: [String] {
    environment.keys.filter { name in
      guard name.hasPrefix(Setting.prefix), !Self.others.contains(String(name.dropFirst(Setting.prefix.count)))
      else { return false }
      return !Setting.allCases.contains { $0.variable == name }
    }.sorted()
  }

  /// A setting that is read from its text.
  func value<T>(_ flag: T?, _ setting: Setting, _ accepted: String, _ read: (String) -> T?) throws -> T? {
    if let flag { return flag }
    guard let text = try text(nil, setting) else { return nil }
    guard let value = read(text) else {
      throw CLIError("setting \(setting.rawValue): must be \(accepted), found \(quoted(text))")
    }
    return value
  }

  /// A list: of repeated flags, one of the file, or separated by commas.
  func list(_ flags: [String], _ setting: Setting) throws -> [String] {
    if !flags.isEmpty { return flags }
    if case .array(let values)? = file[setting.rawValue], environment[setting.variable, default: ""].isEmpty {
      return try values.map { value in
        guard let text = value.stringValue else {
          throw CLIError("\(path): \(setting.rawValue) must be a list of texts, found \(value.text) in it")
        }
        return text
      }
    }
    return try text(nil, setting)?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } ?? []
  }

  /// Where a server keeps what it knows: `--data`, else `$XDG_DATA_HOME/switchyard`.
  func dataDirectory(_ flag: String?) throws -> String {
    if let path = try text(flag, .data) {
      // It need not be there yet.
      var isDirectory: ObjCBool = false
      let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
      guard !path.isEmpty, !isThere || isDirectory.boolValue else {
        throw CLIError("data: must be the path of a directory, found \(quoted(path))")
      }
      return path
    }
    let home = environment["HOME"] ?? "/"
    return (environment["XDG_DATA_HOME"] ?? "\(home)/.local/share") + "/switchyard"
  }
}
