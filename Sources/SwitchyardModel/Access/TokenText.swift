/// The text of a token: `sy_`, 32 characters of secret, 6 of checksum.
///
/// The prefix lets people and secret scanners know one where it should not be; the checksum tells a mistyped token
/// from a wrong one without asking anybody. The letters are those of Crockford's base 32, in lower case.
package struct TokenText: Hashable, Sendable {
  package static let prefix = "sy_"
  package static let secretBytes = 20
  private static let secretLetters = 32
  private static let checkLetters = 6

  package let text: String

  /// - Parameter secret: 20 random bytes (160 bits), from the system's generator.
  package init?(secret: [UInt8]) {
    guard secret.count == Self.secretBytes else { return nil }
    var letters: [UInt8] = []
    // Five bytes are eight letters.
    for start in stride(from: 0, to: secret.count, by: 5) {
      let bits = secret[start..<start + 5].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      letters += (0..<8).map { alphabet[Int(bits >> UInt64(35 - 5 * $0) & 31)] }
    }
    text = Self.prefix + String(decoding: letters + Self.check(letters), as: UTF8.self)
  }

  /// Whether the text is that of a token, and none of its letters is wrong.
  package static func isWhole(_ text: some StringProtocol) -> Bool {
    let bytes = Array(text.utf8)
    let length = prefix.utf8.count + secretLetters + checkLetters
    guard bytes.count == length, bytes.starts(with: prefix.utf8) else { return false }
    let letters = Array(bytes.dropFirst(prefix.utf8.count).prefix(secretLetters))
    return letters.allSatisfy(alphabet.contains) && bytes.suffix(checkLetters).elementsEqual(check(letters))
  }

  /// The low 30 bits of the CRC-32 (IEEE 802.3) of the letters.
  private static func check(_ letters: [UInt8]) -> [UInt8] {
    var crc = UInt32.max
    for letter in letters {
      crc ^= UInt32(letter)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return (0..<checkLetters).map { alphabet[Int(~crc >> UInt32(25 - 5 * $0) & 31)] }
  }
}

private let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
