import Foundation
import SwitchyardCore
import SwitchyardModel
import Testing

@testable import SwitchyardServer

/// What a worker says of a log, however odd, costs a bounded file and no more.
@Suite struct LogStoreTests {
  private let ref = AttemptRef(instance: InstanceID(rawValue: 7), attempt: 1)
  private let bound = 10_000

  /// - Returns: the log as it is read, and the length of its file.
  private func keep(_ chunks: [(offset: UInt64, bytes: [UInt8])]) async throws -> (log: [UInt8], file: Int) {
    let directory = NSTemporaryDirectory() + "switchyard-logs-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let store = LogStore(directory: directory, bound: bound)
    for (number, chunk) in chunks.enumerated() {
      // As many as may wait for the disk are left waiting, and no more.
      if number % 500 == 499 { await store.settled() }
      let piece = LogChunk(attempt: ref, offset: chunk.offset, bytes: chunk.bytes)
      try #require(store.append(piece, from: ConnectionID(1)) { _ in })
    }
    await store.settled()
    var (log, position) = store.read(ref, from: 0)
    while case let (more, next) = store.read(ref, from: position), next > position {
      log += more
      position = next
    }
    let attributes = try? FileManager.default.attributesOfItem(atPath: store.path(ref))
    store.close()
    return (log, attributes?[.size] as? Int ?? 0)
  }

  private static let flood = [UInt8](repeating: 0x78, count: 65_536)

  struct Hostile: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var chunks: [(offset: UInt64, bytes: [UInt8])]
    init(_ name: String, _ chunks: [(offset: UInt64, bytes: [UInt8])]) {
      testDescription = name
      self.chunks = chunks
    }
  }

  static let hostile: [Hostile] = [
    Hostile("one byte at a time", (0..<20_000).map { ($0, [0x78]) }),
    Hostile("one byte, a gap, one byte", (0..<20_000).map { ($0 * 1_000, [0x78]) }),
    Hostile("as much as there is", (0..<100).map { ($0 * 65_536, flood) }),
    Hostile("the same over and over", (0..<1_000).map { _ in (0, flood) }),
    Hostile("backwards", (0..<1_000).map { ((1_000 - $0) * 100, flood) }),
    Hostile(
      "each a little more than the one before",
      (1..<2_000).map { (0, [UInt8](repeating: 0x78, count: $0 * 8)) }),
    Hostile("nothing at all", (0..<2_000).map { ($0 * 3, []) }),
    Hostile(
      "the end of all numbers", [(.max, [1, 2, 3]), (.max - 1, [1, 2, 3]), (1 << 48, [1, 2, 3]), (1 << 63, [])]),
  ]

  @Test(arguments: hostile)
  func staysWithinItsBound(_ hostile: Hostile) async throws {
    let (log, file) = try await keep(hostile.chunks)
    // The last record may begin before the bound, and one more counts what was left out.
    #expect(file <= bound + 2 * LogFile.headerBytes, "\(file) bytes on disk")
    let kept = String(decoding: log, as: UTF8.self).replacing(/\[\d+ bytes left out\]\n/, with: "")
    #expect(kept.utf8.count <= bound, "\(kept.utf8.count) bytes are read")
  }

  @Test func whatWasLeftOutIsCounted() async throws {
    let (log, _) = try await keep([(0, Array("begin\n".utf8)), (100, Array("later\n".utf8)), (106, Self.flood)])
    let text = String(decoding: log, as: UTF8.self)
    #expect(text.hasPrefix("begin\n[94 bytes left out]\nlater\nxxx"))
    let kept = text.utf8.count { $0 == 0x78 }
    #expect(text.hasSuffix("x[\(65_536 - kept) bytes left out]\n"), "\(text.suffix(60))")
  }

  @Test func controlCharactersAreKeptAsTheyCame() async throws {
    let bytes = (0...255).map { UInt8($0) }
    #expect(try await keep([(0, bytes)]).log == bytes)
  }
}
