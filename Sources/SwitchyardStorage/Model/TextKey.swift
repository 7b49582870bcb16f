/// Text compared by its UTF-8 bytes, as databases do it: Swift's own comparison takes two spellings of
/// "é" for equal.
package struct TextKey: Hashable, Comparable, Sendable {
  package let text: String
  package init(_ text: String) { self.text = text }

  package static func == (a: TextKey, b: TextKey) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }
  package static func < (a: TextKey, b: TextKey) -> Bool { a.text.utf8.lexicographicallyPrecedes(b.text.utf8) }

  package func hash(into hasher: inout Hasher) {
    for byte in text.utf8 { hasher.combine(byte) }
    hasher.combine(0xFF as UInt8)
  }
}
