import SwitchyardModel

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
  if let accepted = NameRule.node(text) { throw WireError("\(field()) must be \(accepted)") }
  return text
}

/// A tag, the key of a label, a site, a rack: as wide as what jobs may ask for.
func tag(_ text: String, _ field: @autoclosure () -> String) throws(WireError) -> String {
  if let accepted = NameRule.tag(text) { throw WireError("\(field()) must be \(accepted)") }
  return text
}

func count(_ number: Int, atMost limit: Int, _ field: @autoclosure () -> String) throws(WireError) {
  guard number <= limit else { throw WireError("\(field()) has \(number) elements, at most \(limit) are accepted") }
}
