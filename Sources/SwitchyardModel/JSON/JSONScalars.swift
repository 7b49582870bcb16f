/// Numbers and strings, the parts of JSON with rules of their own.
extension JSONParser {
  /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
  mutating func number() throws(FieldError) -> JSONValue {
    let start = position
    _ = take("-")
    if !take("0") { try digits() } else if isDigit(byte) { throw failure(expected: "no digit after a leading 0") }
    var isInteger = true
    if take(".") {
      isInteger = false
      try digits()
    }
    if take("e") || take("E") {
      isInteger = false
      if !take("+") { _ = take("-") }
      try digits()
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger {
      if let value = Int64(text) { return text == "-0" ? .number(-0.0) : .integer(value) }
      position = start
      throw failure(
        "the integer \(quoted(text)) does not fit 64 bits: send it as a string", accepted: "integers of 64 bits"
      ).wellFormed
    }
    guard let value = Double(text), value.isFinite else {
      position = start
      throw failure("the number \(quoted(text)) is out of range", accepted: "numbers of a 64-bit float").wellFormed
    }
    return .number(value)
  }

  private mutating func digits() throws(FieldError) {
    guard isDigit(byte) else { throw failure(expected: "a digit") }
    while isDigit(byte) { position += 1 }
  }

  private func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

  mutating func string() throws(FieldError) -> String {
    let start = position
    position += 1
    var segment = position
    var decoded: [UInt8] = []
    while true {
      switch byte {
      case UInt8(ascii: "\""):
        let isPlain = decoded.isEmpty
        if !isPlain { decoded += bytes[segment..<position] }
        guard let text = isPlain ? validated(bytes[segment..<position]) : validated(decoded[...]) else {
          position = start
          throw failure("this string is not valid UTF-8", accepted: "UTF-8")
        }
        position += 1
        return text
      case UInt8(ascii: "\\"):
        decoded += bytes[segment..<position]
        try escape(into: &decoded)
        segment = position
      case 0..<0x20:
        let isEnd = position == bytes.count
        throw failure(
          expected: isEnd ? "the closing quote" : "no control character in a string (write \\n, \\t or \\u00XX)")
      default: position += 1
      }
    }
  }

  private func validated(_ slice: ArraySlice<UInt8>) -> String? { String(validating: slice, as: UTF8.self) }

  private mutating func escape(into text: inout [UInt8]) throws(FieldError) {
    let start = position
    position += 1
    let character = byte
    position += 1
    switch character {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(character)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if code & 0xFC00 == 0xD800, byte == UInt8(ascii: "\\"), position + 1 < bytes.count,
        bytes[position + 1] == UInt8(ascii: "u")
      {
        position += 2
        let low = try hexadecimal()
        if low & 0xFC00 == 0xDC00 { code = 0x10000 + (code & 0x3FF) << 10 + (low & 0x3FF) }
      }
      guard let scalar = Unicode.Scalar(code) else {
        position = start
        throw failure("half of a surrogate pair", accepted: "\\u escapes in whole pairs")
      }
      text += String(scalar).utf8
    default:
      position = start
      throw failure(expected: "an escape: \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX")
    }
  }

  private mutating func hexadecimal() throws(FieldError) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw failure(expected: "four hexadecimal digits")
      }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }
}
