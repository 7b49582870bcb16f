extension JSONValue {
  /// The shortest JSON text, in UTF-8: no spaces, only what must be escaped is. Parsed again it gives an equal value.
  /// A number that JSON cannot say (infinite, not a number) is written as `null`, as in JavaScript.
  package var bytes: [UInt8] {
    var output: [UInt8] = []
    write(into: &output)
    return output
  }

  package var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The same with the members of all objects sorted by the bytes of their names: two documents that differ in
  /// order and spacing alone have one canonical text. (The idea of RFC 8785, without its rewriting of numbers.)
  package var canonicalBytes: [UInt8] {
    var output: [UInt8] = []
    write(into: &output, sorted: true)
    return output
  }

  package func write(into output: inout [UInt8], sorted: Bool = false) {
    switch self {
    case .null: output += "null".utf8
    case .bool(let value): output += (value ? "true" : "false").utf8
    case .integer(let value): output += String(value).utf8
    case .number(let value): output += (value.isFinite ? String(value) : "null").utf8
    case .string(let value): Self.write(value, into: &output)
    case .array(let elements):
      output.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        element.write(into: &output, sorted: sorted)
      }
      output.append(UInt8(ascii: "]"))
    case .object(let object):
      output.append(UInt8(ascii: "{"))
      var members = object.members
      if sorted { members.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) } }
      for (index, member) in members.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        Self.write(member.name, into: &output)
        output.append(UInt8(ascii: ":"))
        member.value.write(into: &output, sorted: sorted)
      }
      output.append(UInt8(ascii: "}"))
    }
  }

  private static func write(_ string: String, into output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    for byte in string.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
      case 0x0A: output += "\\n".utf8
      case 0x0D: output += "\\r".utf8
      case 0x09: output += "\\t".utf8
      case 0..<0x20, 0x7F:
        output += "\\u00".utf8
        output += [hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
      // U+0080 to U+009F, which terminals obey as they do those below U+0020.
      case 0x80...0x9F where output.last == 0xC2:
        output.removeLast()
        output += "\\u00".utf8
        output += [hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
      default: output.append(byte)
      }
    }
    output.append(UInt8(ascii: "\""))
  }
}

private let hexadecimal = Array("0123456789abcdef".utf8)
