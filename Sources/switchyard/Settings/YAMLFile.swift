import Dispatch
import Foundation
import SwitchyardModel
import Yams

/// YAML (and so JSON) files as the values that every reader of the model takes.
enum YAMLFile {
  private static let bytes = 4 << 20
  /// Values in one file, aliases counted as often as they are used.
  private static let values = 200_000
  private static let depth = 64

  /// - Parameter path: `-` for standard input.
  /// - Throws: ``CLIError`` with the place of the error.
  static func documents(at path: String) throws -> [JSONValue] {
    let text = try InputFile.text(at: path, bytes: bytes)
    let name = InputFile.name(path)
    let patience = patience(name, text.utf8.count)
    defer { patience.cancel() }
    do {
      return try self.documents(in: text)
    } catch let error as YamlError {
      let words = "\(error)"
      // The library quotes the line, which may be the whole file.
      guard !words.contains("nesting level") else {
        throw CLIError("\(name): is nested deeper than \(depth) levels")
      }
      throw CLIError("\(name): is neither YAML nor JSON: \(words.prefix(1_000))")
    } catch let error as CLIError {
      throw CLIError("\(name): \(error)")
    }
  }

  /// Ends the program when a file takes far longer than any honest one of its size: keys that are lists of aliases of
  /// lists of aliases are hashed by the YAML library in full, which no bound of ours sees.
  private static func patience(_ path: String, _ bytes: Int) -> DispatchWorkItem {
    let end = DispatchWorkItem {
      let text = "Error: \(path): takes too long to read; does it have aliases within keys? Write them out\n"
      try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
      exit(EXIT_FAILURE)
    }
    DispatchQueue.global().asyncAfter(deadline: .now() + 5 + Double(bytes) / 100_000, execute: end)
    return end
  }

  /// - Throws: `YamlError`, or ``CLIError`` for YAML that is no value of the model.
  static func documents(in text: String) throws -> [JSONValue] {
    var budget = values
    // The sequence of documents ends at an error, and keeps it.
    var nodes = try Yams.compose_all(yaml: text)
    var documents: [JSONValue] = []
    while let node = nodes.next() { documents.append(try value(node, &budget, 0)) }
    if let error = nodes.error { throw error }
    return documents
  }

  private static func value(_ node: Node, _ budget: inout Int, _ level: Int) throws -> JSONValue {
    budget -= 1
    guard budget > 0 else { throw CLIError("has more than \(values) values") }
    guard level < depth else { throw CLIError("is nested deeper than \(depth) levels") }
    switch node {
    case .scalar(let scalar): return try self.scalar(scalar, node)
    case .sequence(let sequence): return .array(try sequence.map { try value($0, &budget, level + 1) })
    case .mapping(let mapping):
      var object = JSONObject()
      for (key, element) in mapping {
        guard let name = key.scalar?.string else { throw CLIError("line \(key.mark?.line ?? 0): a key must be a text") }
        guard object[name] == nil else { throw CLIError("line \(key.mark?.line ?? 0): \(quoted(name)) is there twice") }
        object[name] = try value(element, &budget, level + 1)
      }
      return .object(object)
    case .alias: throw CLIError("has an alias that points nowhere")
    }
  }

  private static func scalar(_ scalar: Node.Scalar, _ node: Node) throws -> JSONValue {
    switch node.tag.description {
    case Tag.Name.null.rawValue: return .null
    case Tag.Name.bool.rawValue: return node.bool.map(JSONValue.bool) ?? .string(scalar.string)
    case Tag.Name.int.rawValue: return node.int.map { .integer(Int64($0)) } ?? .string(scalar.string)
    case Tag.Name.float.rawValue:
      guard let number = node.float, number.isFinite else { return .string(scalar.string) }
      return .number(number)
    default: return .string(scalar.string)
    }
  }
}
