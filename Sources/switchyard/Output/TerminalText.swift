/// Bytes from elsewhere on a terminal: control characters but line ends and tabs are shown, not obeyed. Those of the
/// upper half (U+0080 to U+009F) are two bytes in UTF-8, which may come in two pieces.
struct TerminalText {
  /// The last byte of the piece before, if it may begin one of the upper half.
  private var hasLead = false

  mutating func shown(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    for byte in bytes {
      if hasLead {
        hasLead = false
        if (0x80...0x9F).contains(byte) {
          result += Array("\\x\(String(byte, radix: 16))".utf8)
          continue
        }
        result.append(0xC2)
      }
      switch byte {
      case 0xC2: hasLead = true
      case 0x09, 0x0A: result.append(byte)
      case 0x00..<0x20, 0x7F: result += [0x5E, byte ^ 0x40]
      default: result.append(byte)
      }
    }
    return result
  }
}
