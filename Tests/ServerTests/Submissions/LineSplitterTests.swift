import Testing

@testable import SwitchyardServer

@Suite struct LineSplitterTests {
  private func lines(_ pieces: [String], limit: Int = 8) -> [String] {
    var splitter = LineSplitter(limit: limit)
    var lines: [LineSplitter.Line] = []
    for piece in pieces { splitter.feed(Array(piece.utf8), into: &lines) }
    splitter.finish(into: &lines)
    return lines.map { line in
      switch line {
      case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
      case .tooLong: "TOO LONG"
      }
    }
  }

  @Test(
    arguments: [
      ([], []), ([""], []), (["a"], ["a"]), (["a\n"], ["a"]), (["a\nb"], ["a", "b"]),
      (["a", "b\n", "c"], ["ab", "c"]),
      (["\n\n a\n \t\r\n"], [" a"]), (["a\r\nb\r\n"], ["a\r", "b\r"]), (["12345678\n"], ["12345678"]),
      (["123456789\nb\n"], ["TOO LONG", "b"]), (["12345", "6789", "0\nb\n"], ["TOO LONG", "b"]),
      (["123456789"], ["TOO LONG"]),
    ] as [([String], [String])])
  func splits(pieces: [String], into expected: [String]) {
    #expect(lines(pieces) == expected)
    // Wherever the network cuts it.
    #expect(lines(pieces.joined(separator: "").map { String($0) }) == expected)
  }
}
