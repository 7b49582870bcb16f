import SwitchyardModel
import Synchronization
import Testing

@testable import SwitchyardWorker

struct LogBookTests {
  private let ref = AttemptRef(instance: InstanceID(rawValue: 1), attempt: 1)
  private let other = AttemptRef(instance: InstanceID(rawValue: 2), attempt: 1)

  private func append(_ text: String, to ref: AttemptRef, _ book: LogBook) {
    Array(text.utf8).withUnsafeBytes { book.append($0, to: ref) }
  }

  private func text(_ chunks: [LogChunk]) -> String { String(decoding: chunks.flatMap(\.bytes), as: UTF8.self) }

  @Test func isAnnouncedOnceUntilLookedAt() {
    let count = Mutex(0)
    let book = LogBook(limits: LogLimits()) { count.withLock { $0 += 1 } }
    book.open(ref)
    append("a\n", to: ref, book)
    append("b\n", to: ref, book)
    #expect(count.withLock { $0 } == 1)
    #expect(text(book.take(upTo: 1000)) == "a\nb\n")
    #expect(book.take(upTo: 1000).isEmpty)
    append("c\n", to: ref, book)
    #expect(count.withLock { $0 } == 2)
  }

  @Test func anotherStreamBeginsAtTheAcknowledgedOffset() {
    let book = LogBook(limits: LogLimits()) {}
    book.open(ref)
    append("one\n", to: ref, book)
    _ = book.take(upTo: 1000)
    append("two\n", to: ref, book)
    _ = book.take(upTo: 1000)
    book.acknowledge(ref, upTo: 4)
    book.rewind()
    let chunks = book.take(upTo: 1000)
    #expect(text(chunks) == "two\n")
    #expect(chunks.first?.offset == 4)
    book.forget(ref)
    book.rewind()
    #expect(book.take(upTo: 1000).isEmpty)
  }

  @Test func attemptsTakeTurns() {
    let book = LogBook(limits: LogLimits()) {}
    book.open(ref)
    book.open(other)
    append(String(repeating: "x\n", count: 100_000), to: ref, book)
    append("y\n", to: other, book)
    #expect(book.take(upTo: 100_000).map(\.attempt).contains(other))
  }

  @Test func chunksAreBounded() {
    let book = LogBook(limits: LogLimits()) {}
    book.open(ref)
    append(String(repeating: "0123456789\n", count: 30_000), to: ref, book)
    let chunks = book.take(upTo: .max)
    #expect(chunks.allSatisfy { $0.bytes.count <= 64 << 10 })
    var offset: UInt64 = 0
    for chunk in chunks {
      #expect(chunk.offset == offset)
      offset += UInt64(chunk.bytes.count)
    }
    #expect(offset == 330_000)
  }

  @Test func aFullBookDropsAndCounts() {
    var limits = LogLimits()
    limits.total = 1_000
    limits.tail = 100
    let book = LogBook(limits: limits) {}
    book.open(ref)
    book.open(other)
    append(String(repeating: "a", count: 999) + "\n", to: ref, book)
    append(String(repeating: "b", count: 4_999) + "\n", to: other, book)
    book.close(other)
    let chunks = book.takeAll(of: other)
    #expect(chunks.count == 1)
    #expect(chunks.first?.bytes.count == 100)
    #expect(chunks.first?.dropped == 4_900)
    #expect(chunks.first?.offset == 4_900)
    #expect(book.dropped == 4_900)
    // Room comes back with acknowledgements.
    book.acknowledge(ref, upTo: 1_000)
    append("again\n", to: ref, book)
    #expect(text(book.takeAll(of: ref)).hasSuffix("again\n"))
  }

  @Test func whatIsDroppedAtTheEndIsStillTold() {
    var limits = LogLimits()
    limits.attempt = 10
    limits.tail = 0
    let book = LogBook(limits: limits) {}
    book.open(ref)
    append("0123456789abc", to: ref, book)
    book.close(ref)
    let chunks = book.takeAll(of: ref)
    #expect(chunks.map(\.bytes.count) == [10, 0])
    #expect(chunks.last?.dropped == 3)
    #expect(chunks.last?.offset == 13)
  }

  @Test func outputOfUnknownAttemptsIsIgnored() {
    let book = LogBook(limits: LogLimits()) { Issue.record("nothing to announce") }
    append("x\n", to: ref, book)
    book.acknowledge(ref, upTo: 5)
    book.close(ref)
    #expect(book.takeAll(of: ref).isEmpty)
  }
}

struct LineCutterTests {
  private func cut(_ pieces: [String], limit: Int) -> String {
    var cutter = LineCutter(limit: limit)
    var output: [UInt8] = []
    for piece in pieces { Array(piece.utf8).withUnsafeBytes { cutter.cut($0, into: &output) } }
    cutter.finish(into: &output)
    return String(decoding: output, as: UTF8.self)
  }

  @Test(arguments: [
    (["ab\ncd\n"], "ab\ncd\n"),
    (["abcd\n", "abcde\n", "x"], "abcd\nabcd […1 bytes cut]\nx"),
    (["ab", "cd", "ef", "gh\n\n"], "abcd […4 bytes cut]\n\n"),
    (["abcdef"], "abcd […2 bytes cut]"),
    ([""], ""),
  ])
  func longLinesKeepTheirBeginning(pieces: [String], expected: String) { #expect(cut(pieces, limit: 4) == expected) }

  /// However the bytes arrive, the outcome is one.
  @Test func piecesDoNotMatter() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededRandom(seed: seed)
    for _ in 0..<200 {
      let text = String((0..<200).map { _ in random.below(6) == 0 ? "\n" : "x" as Character })
      var pieces: [String] = []
      var rest = text[...]
      while !rest.isEmpty {
        pieces.append(String(rest.prefix(Int(random.below(9)) + 1)))
        rest = rest.dropFirst(pieces.last?.count ?? 1)
      }
      #expect(cut(pieces, limit: 4) == cut([text], limit: 4), "seed \(seed)")
    }
  }
}
