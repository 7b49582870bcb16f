/// Cuts a stream of bytes into lines of a bounded length.
struct LineSplitter: Sendable {
  enum Line: Equatable, Sendable {
    case bytes([UInt8])
    /// It was longer than the bound; its bytes are gone.
    case tooLong
  }

  private let limit: Int
  /// The beginning of the line that is not complete yet.
  private var rest: [UInt8] = []
  private var isTooLong = false

  init(limit: Int) { self.limit = limit }

  /// - Parameter lines: gets the lines that are complete now, without their ends; empty ones are left out.
  mutating func feed(_ bytes: [UInt8], into lines: inout [Line]) {
    var start = 0
    while let end = bytes[start...].firstIndex(of: 0x0A) {
      take(bytes[start..<end])
      finish(into: &lines)
      start = end + 1
    }
    take(bytes[start...])
  }

  /// The stream has ended; a last line needs no end of its own.
  mutating func finish(into lines: inout [Line]) {
    defer {
      rest = []
      isTooLong = false
    }
    if isTooLong { return lines.append(.tooLong) }
    guard rest.contains(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) else { return }
    lines.append(.bytes(rest))
  }

  private mutating func take(_ part: ArraySlice<UInt8>) {
    guard !isTooLong, rest.count + part.count <= limit else {
      isTooLong = true
      rest = []
      return
    }
    rest += part
  }
}
