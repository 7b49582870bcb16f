import Glibc

/// Cuts lines that are too long, and says in the text how much is missing. A cut line keeps its beginning.
struct LineCutter: Sendable {
  let limit: Int
  /// Of the current line, as it came.
  private var length = 0

  init(limit: Int) { self.limit = max(1, limit) }

  /// Appends to `output` what is kept of `input`.
  mutating func cut(_ input: UnsafeRawBufferPointer, into output: inout [UInt8]) {
    guard let base = input.baseAddress else { return }
    /// Before this, everything is in the output.
    var start = 0
    var position = 0
    while position < input.count {
      let newline = memchr(base + position, Int32(UInt8(ascii: "\n")), input.count - position)
      let end = newline.map { UnsafeRawPointer($0) - base } ?? input.count
      let room = max(0, limit - length)
      length += end - position
      if length > limit {
        output += input[start..<(position + min(room, end - position))]
        if newline != nil { markCut(into: &output) }
        start = end
      }
      guard newline != nil else { break }
      length = 0
      position = end + 1
    }
    output += input[start...]
  }

  /// The output is over.
  mutating func finish(into output: inout [UInt8]) {
    markCut(into: &output)
    length = 0
  }

  private func markCut(into output: inout [UInt8]) {
    if length > limit { output += " […\(length - limit) bytes cut]".utf8 }
  }
}
