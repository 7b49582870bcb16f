/// What names may look like. Each rule says what it accepts where it refuses, and nil where it does not.
package enum NameRule {
  /// Of an app.
  package static func app(_ name: String) -> String? { identifier(name, limit: 64) }

  /// Of a job or a plugin.
  package static func identifier(_ name: String) -> String? { identifier(name, limit: 128) }

  /// Of a server or a worker, which often are named after hosts.
  package static func node(_ name: String) -> String? {
    let isName =
      (1...128).contains(name.utf8.count)
      && name.utf8.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || "._-".utf8.contains($0) }
    return isName ? nil : "1 to 128 letters (A-Z, a-z), digits, '.', '_' or '-'"
  }

  /// Of a tag, a label, a site: they come from many systems, so that more is let through.
  package static func tag(_ name: String) -> String? {
    let isName =
      (1...64).contains(name.utf8.count) && name.utf8.first.map { !"._:/@+=-".utf8.contains($0) } == true
      && name.utf8.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || "._:/@+=-".utf8.contains($0) }
    return isName ? nil : "1 to 64 letters (A-Z, a-z), digits or ._:/@+=-, with a letter or digit first"
  }

  /// Of an environment variable that a job may set.
  package static func environment(_ name: String) -> String? {
    let isName =
      (1...128).contains(name.utf8.count) && name.utf8.first?.isASCIIDigit == false
      && name.utf8.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || $0 == UInt8(ascii: "_") }
    guard isName else { return "1 to 128 letters (A-Z, a-z), digits or _, with no digit first" }
    let isReserved = name.uppercased().hasPrefix("SWITCHYARD_")
    return isReserved ? "a name without SWITCHYARD_ in front, which is for the worker" : nil
  }

  /// Of a header field: a token of RFC 9110, 5.6.2. What belongs to the connection or the framing is not a job's
  /// to set.
  package static func header(_ name: String) -> String? {
    let isToken =
      (1...128).contains(name.utf8.count)
      && name.utf8.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || "!#$%&'*+-.^_`|~".utf8.contains($0) }
    guard isToken else { return "the name of a header field, as Content-Type" }
    return framing.contains(name.lowercased()) ? "a header field other than \(framing.joined(separator: ", "))" : nil
  }

  private static let framing = [
    "host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "keep-alive",
    "proxy-connection",
  ]

  private static func identifier(_ name: String, limit: Int) -> String? {
    func isLetterOrDigit(_ byte: UInt8) -> Bool { byte.isASCIIDigit || byte &- UInt8(ascii: "a") < 26 }
    let isName =
      (1...limit).contains(name.utf8.count) && name.utf8.first.map(isLetterOrDigit) == true
      && name.utf8.allSatisfy { isLetterOrDigit($0) || "._-".utf8.contains($0) }
    return isName ? nil : "1 to \(limit) of a-z, 0-9, '.', '_', '-', with a letter or digit first"
  }
}
