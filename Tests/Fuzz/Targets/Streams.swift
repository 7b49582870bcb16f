@testable import SwitchyardServer
@testable import SwitchyardWorker
@testable import switchyard

/// What comes in pieces means the same wherever it was cut. The first byte tells how long the pieces are.
@Sendable func streams(_ bytes: [UInt8]) {
  guard let first = bytes.first else { return }
  let input = Array(bytes.dropFirst())
  let step = Int(first) % 32 + 1
  let pieces = stride(from: 0, to: input.count, by: step).map { Array(input[$0..<min($0 + step, input.count)]) }
  expectSame(lines([input]), lines(pieces))
  expectSame(events([input]), events(pieces))
  expectSame(shown([input]), shown(pieces))
  expectSame(logged([input]), logged(pieces))
}

/// Lines of a batch of submissions.
private func lines(_ pieces: [[UInt8]]) -> [LineSplitter.Line] {
  var splitter = LineSplitter(limit: 64)
  var lines: [LineSplitter.Line] = []
  for piece in pieces { splitter.feed(piece, into: &lines) }
  splitter.finish(into: &lines)
  for case .bytes(let line) in lines { expect((1...64).contains(line.count), "a line of \(line.count) bytes") }
  return lines
}

/// Server-sent events, as the command line reads them.
private func events(_ pieces: [[UInt8]]) -> [switchyard.ServerEvent] {
  var parser = EventParser()
  return pieces.flatMap { parser.feed($0) }
}

/// A log on a terminal.
private func shown(_ pieces: [[UInt8]]) -> [UInt8] {
  var terminal = TerminalText()
  let shown = pieces.flatMap { terminal.shown($0) }
  for scalar in String(decoding: shown, as: UTF8.self).unicodeScalars {
    let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    expect(!isControl || scalar == "\n" || scalar == "\t", "U+\(String(scalar.value, radix: 16)) reaches the terminal")
  }
  return shown
}

/// The output of an attempt, whose long lines are cut.
private func logged(_ pieces: [[UInt8]]) -> [UInt8] {
  var cutter = LineCutter(limit: 64)
  var output: [UInt8] = []
  for piece in pieces { piece.withUnsafeBytes { cutter.cut($0, into: &output) } }
  cutter.finish(into: &output)
  for line in output.split(separator: 0x0A) { expect(line.count < 100, "a line of \(line.count) bytes") }
  return output
}
