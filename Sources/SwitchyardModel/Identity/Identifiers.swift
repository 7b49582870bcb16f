/// A 64-bit identity made without a central counter; see ``IDGenerator``. Its text is 13 characters of
/// Crockford's base 32, which sorts like the number and survives being read aloud.
package protocol Identifier: Hashable, Comparable, Sendable, CustomStringConvertible {
  var rawValue: UInt64 { get }
  init(rawValue: UInt64)
}

package struct JobID: Identifier {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
}

package struct InstanceID: Identifier {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
}

extension Identifier {
  package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

  package var description: String {
    String(decoding: (0..<13).map { crockford[Int((rawValue >> UInt64(60 - 5 * $0)) & 31)] }, as: UTF8.self)
  }

  /// Reads the 13-character text; letter case does not matter. Nil for anything else.
  package init?(_ text: some StringProtocol) {
    guard text.utf8.count == 13 else { return nil }
    var value: UInt64 = 0
    for (index, byte) in text.utf8.enumerated() {
      let upper = (97...122).contains(byte) ? byte - 32 : byte
      guard let digit = crockford.firstIndex(of: upper), index > 0 || digit < 16 else { return nil }
      value = value << 5 | UInt64(digit)
    }
    self.init(rawValue: value)
  }
}

private let crockford = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
