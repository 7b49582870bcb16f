import Foundation
import SwitchyardModel
import SwitchyardSystem
import Yams

/// The one reader of settings: flags, then environment, then file, then default.
struct Settings {
  private let environment: [String: String]
  private let file: JSONObject
  private let path: String?

  /// - Throws: `CLIError` when the file is there and cannot be read.
  init(environment: [String: String] = ProcessInfo.processInfo.environment) throws {
    self.environment = environment
    let home = environment["HOME"] ?? "/"
    let candidates =
      environment["SWITCHYARD_CONFIG"].map { [$0] } ?? [
        (environment["XDG_CONFIG_HOME"] ?? "\(home)/.config") + "/switchyard/config.yaml",
        "/etc/switchyard/config.yaml",
      ]
    path = candidates.first { FileManager.default.fileExists(atPath: $0) }
    if path == nil, let named = environment["SWITCHYARD_CONFIG"] {
      throw CLIError("SWITCHYARD_CONFIG names \(quoted(named)), which is not there")
    }
    guard let path else {
      file = JSONObject()
      return
    }
    let documents = try YAMLFile.documents(at: path)
    guard documents.count == 1, case .object(let object) = documents[0] else {
      throw CLIError("\(path): must be one YAML mapping of settings, as `server-url: http://127.0.0.1:7410`")
    }
    file = object
  }

  /// The text of a setting.
  ///
  /// - Parameters:
  ///   - flag: what the command line said.
  ///   - name: as the flag is spelled: `server-url`.
  func text(_ flag: String?, _ name: String) throws -> String? {
    if let flag { return flag }
    let variable = "SWITCHYARD_" + name.uppercased().replacing("-", with: "_")
    if let value = environment[variable], !value.isEmpty { return value }
    switch file[name] {
    case nil, .null: return nil
    case .string(let text): return text
    case .integer(let number): return "\(number)"
    case .number(let number): return "\(number)"
    case .bool(let bool): return "\(bool)"
    case .array(let values): return values.compactMap(\.stringValue).joined(separator: ",")
    case .object: throw CLIError("\(path ?? "settings"): \(name) must be a text, a number or a list")
    }
  }

  /// A setting that is read from its text.
  func value<T>(_ flag: T?, _ name: String, _ accepted: String, _ read: (String) -> T?) throws -> T? {
    if let flag { return flag }
    guard let text = try text(nil, name) else { return nil }
    guard let value = read(text) else { throw CLIError("setting \(name): must be \(accepted), found \(quoted(text))") }
    return value
  }

  /// A list: of repeated flags, or separated by commas.
  func list(_ flags: [String], _ name: String) throws -> [String] {
    if !flags.isEmpty { return flags }
    return try text(nil, name)?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } ?? []
  }

  /// Where a server keeps what it knows: `--data`, else `$XDG_DATA_HOME/switchyard`.
  func dataDirectory(_ flag: String?) throws -> String {
    if let path = try text(flag, "data") { return path }
    let home = environment["HOME"] ?? "/"
    return (environment["XDG_DATA_HOME"] ?? "\(home)/.local/share") + "/switchyard"
  }
}

/// An error for the person at the terminal: says what is wrong and what to do.
struct CLIError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
