/// What a JSON text may cost: the two bounds from which all others follow.
package struct JSONLimits: Hashable, Sendable {
  /// Length of the text in bytes.
  package var bytes: Int
  /// How many arrays and objects may stand inside each other.
  package var depth: Int

  package init(bytes: Int = 1 << 20, depth: Int = 64) {
    self.bytes = bytes
    self.depth = depth
  }
}

extension JSONValue {
  /// Reads one JSON text (RFC 8259), strictly: UTF-8, no byte order mark, no comments, no doubled names, no lone
  /// surrogates, and no numbers that cannot be kept (an integer beyond 64 bits, a `Double` beyond its range).
  ///
  /// - Throws: an error whose path is `line L, column C`, both counted from 1, columns in characters.
  package init(parsing bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(FieldError) {
    guard bytes.count <= limits.bytes else {
      throw FieldError(
        problem: "is longer than \(limits.bytes) bytes", accepted: "a JSON text of at most \(limits.bytes) bytes")
    }
    var parser = JSONParser(bytes: bytes, depthLeft: limits.depth)
    self = try parser.document()
  }

  package init(parsing text: String, limits: JSONLimits = JSONLimits()) throws(FieldError) {
    try self.init(parsing: Array(text.utf8), limits: limits)
  }
}

/// Recursive descent over the bytes; its depth is bounded by the limits.
struct JSONParser {
  let bytes: [UInt8]
  var depthLeft: Int
  var position = 0

  init(bytes: [UInt8], depthLeft: Int) {
    self.bytes = bytes
    self.depthLeft = depthLeft
  }

  /// The byte at the position, 0 at the end: a NUL is legal nowhere in JSON, so that the two cannot be confused.
  var byte: UInt8 { position < bytes.count ? bytes[position] : 0 }

  mutating func document() throws(FieldError) -> JSONValue {
    skipSpace()
    let result = try value()
    skipSpace()
    guard position == bytes.count else { throw failure(expected: "the end of the text") }
    return result
  }

  private mutating func value() throws(FieldError) -> JSONValue {
    switch byte {
    case UInt8(ascii: "{"): return .object(try object())
    case UInt8(ascii: "["): return .array(try array())
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: throw failure(expected: "a value")
    }
  }

  private mutating func word(_ word: StaticString, _ value: JSONValue) throws(FieldError) -> JSONValue {
    let start = position
    for offset in 0..<word.utf8CodeUnitCount {
      guard byte == word.utf8Start[offset] else {
        position = start
        throw failure(expected: "a value")
      }
      position += 1
    }
    return value
  }

  private mutating func array() throws(FieldError) -> [JSONValue] {
    try descend()
    var elements: [JSONValue] = []
    if !take("]") {
      while true {
        skipSpace()
        elements.append(try value())
        skipSpace()
        if take("]") { break }
        guard take(",") else { throw failure(expected: "\",\" or \"]\"") }
      }
    }
    depthLeft += 1
    return elements
  }

  private mutating func object() throws(FieldError) -> JSONObject {
    try descend()
    var members: [JSONObject.Member] = []
    var names: Set<String> = []
    if !take("}") {
      while true {
        skipSpace()
        let start = position
        guard byte == UInt8(ascii: "\"") else { throw failure(expected: "a name in double quotes") }
        let name = try string()
        guard isNew(name, among: members, &names) else {
          position = start
          throw failure("the name \(quoted(name)) stands twice in this object", accepted: "each name once")
        }
        skipSpace()
        guard take(":") else { throw failure(expected: "\":\"") }
        skipSpace()
        members.append(JSONObject.Member(name, try value()))
        skipSpace()
        if take("}") { break }
        guard take(",") else { throw failure(expected: "\",\" or \"}\"") }
      }
    }
    depthLeft += 1
    return JSONObject(unique: members)
  }

  /// Few names are compared one by one; many are hashed, so that a hostile object stays cheap.
  private func isNew(_ name: String, among members: [JSONObject.Member], _ names: inout Set<String>) -> Bool {
    if members.count < 16 { return !members.contains { $0.name == name } }
    if names.isEmpty { names = Set(members.map(\.name)) }
    return names.insert(name).inserted
  }

  /// Steps over an opening bracket and the space behind it.
  private mutating func descend() throws(FieldError) {
    guard depthLeft > 0 else { throw failure("nested too deeply", accepted: "fewer levels of arrays and objects") }
    depthLeft -= 1
    position += 1
    skipSpace()
  }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard byte == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }
}

extension JSONParser {
  func failure(expected: String) -> FieldError {
    failure("expected \(expected), found \(foundHere)", accepted: expected)
  }

  /// An error at the current position.
  func failure(_ problem: String, accepted: String) -> FieldError {
    let before = bytes[..<position]
    let line = before.count { $0 == 0x0A } + 1
    let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    let column = bytes[lineStart..<position].count { $0 & 0xC0 != 0x80 } + 1
    return FieldError(path: "line \(line), column \(column)", problem: problem, accepted: accepted)
  }

  private var foundHere: String {
    guard position < bytes.count else { return "the end of the text" }
    let word = String(decoding: bytes[position...].prefix(16), as: UTF8.self)
    let token = word.prefix { !$0.isWhitespace && !",]}:".contains($0) }
    return quoted(token.isEmpty ? word.prefix(1) : token.prefix(12))
  }
}
