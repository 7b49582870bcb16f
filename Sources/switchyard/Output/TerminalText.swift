/// Bytes from elsewhere on a terminal: control characters but line ends and tabs are shown, not obeyed.
///
/// Those of the upper half (U+0080 to U+009F) are two bytes in UTF-8, which may come in two pieces. Alone, such a byte is
/// no UTF-8, and a control character to a terminal that reads one byte after the other: it is shown as well.
struct TerminalText {
  /// The byte that begins U+0080 to U+00BF is held back until the next one tells which it is.
  private static let lead: UInt8 = 0xC2
  private var hasLead = false
  /// Bytes that belong to the character whose beginning went out.
  private var continuations = 0

  mutating func shown(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    for byte in bytes {
      let isControl = (0x80...0x9F).contains(byte) && continuations == 0
      if hasLead {
        hasLead = false
        if !isControl { result.append(Self.lead) }
      }
      switch byte {
      case _ where isControl: result += "\\x\(String(byte, radix: 16))".utf8
      case Self.lead: hasLead = true
      case 0x00..<0x20 where byte != 0x09 && byte != 0x0A, 0x7F: result += [0x5E, byte ^ 0x40]
      default: result.append(byte)
      }
      continuations =
        switch byte {
        case 0x80...0xBF: max(0, continuations - 1)
        case 0xC3...0xDF: 1
        case 0xE0...0xEF: 2
        case 0xF0...0xF4: 3
        default: 0
        }
    }
    return result
  }
}
