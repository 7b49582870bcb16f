/// A message from the other side that cannot be understood or breaks a bound. The session ends with it.
package struct WireError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Names the message and the field.
  package var message: String
  package init(_ message: String) { self.message = message }
  package var description: String { message }
}

/// What either side accepts; `worker.proto` states the same figures.
package enum WireBounds {
  package static let frameBytes = 4 << 20
  package static let frameMessages = 16_384
  package static let nameBytes = 128
  package static let textBytes = 1 << 10
  package static let resultBytes = 64 << 10
  package static let chunkBytes = 64 << 10
  package static let definitionBytes = 256 << 10
  package static let listCount = 256
  package static let slots: UInt32 = 100_000
  package static let inventoryCount = 400_000
  /// Definitions remembered for a stream by each side; both forget all when one more comes.
  package static let definitions = 4_096
}

func bounded(_ text: String, _ limit: Int, _ field: @autoclosure () -> String) throws(WireError) -> String {
  guard text.utf8.count <= limit else {
    throw WireError("\(field()) has \(text.utf8.count) bytes, at most \(limit) are accepted")
  }
  return text
}

func name(_ text: String, _ field: @autoclosure () -> String) throws(WireError) -> String {
  let clean = text.utf8.allSatisfy {
    (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || [45, 46, 95].contains($0)
  }
  guard !text.isEmpty, clean, text.utf8.count <= WireBounds.nameBytes else {
    throw WireError("\(field()) must be 1 to \(WireBounds.nameBytes) of A-Z a-z 0-9 . _ -")
  }
  return text
}

func count(_ number: Int, atMost limit: Int, _ field: @autoclosure () -> String) throws(WireError) {
  guard number <= limit else { throw WireError("\(field()) has \(number) elements, at most \(limit) are accepted") }
}
