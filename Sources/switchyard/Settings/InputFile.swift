import Foundation

/// A file that a command reads whole, or standard input.
enum InputFile {
  /// For messages.
  static func name(_ path: String) -> String { path == "-" ? "standard input" : path }

  /// - Parameters:
  ///   - path: `-` for standard input.
  ///   - bytes: as many are accepted.
  /// - Throws: ``CLIError`` that says what is the matter with it.
  static func text(at path: String, bytes limit: Int) throws -> String {
    let name = name(path)
    var isDirectory: ObjCBool = false
    if path != "-", FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue {
      throw CLIError("\(name): is a directory; name the files in it")
    }
    guard
      let data = path == "-"
        ? try? FileHandle.standardInput.readToEnd() ?? Data() : FileManager.default.contents(atPath: path)
    else { throw CLIError("\(name): cannot be read; is the path right?") }
    guard data.count <= limit else {
      throw CLIError("\(name): has \(data.count) bytes, at most \(limit) are accepted")
    }
    guard let text = String(validating: data, as: UTF8.self) else { throw CLIError("\(name): is not UTF-8 text") }
    // A mark that some editors begin a file with.
    return text.first == "\u{FEFF}" ? String(text.dropFirst()) : text
  }
}
