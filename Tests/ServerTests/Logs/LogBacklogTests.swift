import Dispatch
import Foundation
import SwitchyardCore
import SwitchyardModel
import Synchronization
import Testing

@testable import SwitchyardServer

@Suite(.timeLimit(.minutes(1)))
struct LogBacklogTests {
  private let directory = NSTemporaryDirectory() + "switchyard-logs-\(UUID().uuidString)"

  private func ref(_ number: UInt64) -> AttemptRef { AttemptRef(instance: InstanceID(rawValue: number), attempt: 1) }

  private func text(_ ref: AttemptRef, in logs: LogStore) -> String {
    var (text, position) = ("", 0)
    while true {
      let (bytes, next) = logs.read(ref, from: position)
      if bytes.isEmpty { return text }
      text += String(decoding: bytes, as: UTF8.self)
      position = next
    }
  }

  @Test("a stream that floods a slow disk loses its own chunks, and its log says so; another loses none")
  func flood() async {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let logs = LogStore(directory: directory, bound: 1 << 20, backlog: 8_192)
    defer { logs.close() }
    let disk = DispatchSemaphore(value: 0)
    // The disk hangs at this one.
    logs.append(LogChunk(attempt: ref(9), offset: 0, bytes: [0x0A]), from: ConnectionID(9)) { _ in disk.wait() }
    let acknowledged = Mutex<[AttemptRef: UInt64]>([:])
    func append(_ attempt: AttemptRef, _ offset: UInt64, _ line: String, from connection: ConnectionID) -> Bool {
      logs.append(LogChunk(attempt: attempt, offset: offset, bytes: Array(line.utf8)), from: connection) { end in
        acknowledged.withLock { $0[attempt] = end }
      }
    }
    let kept = (0..<100).count { append(ref(1), UInt64($0) * 8, "flooded\n", from: ConnectionID(1)) }
    #expect((10..<20).contains(kept))
    for turn in 0..<5 { #expect(append(ref(2), UInt64(turn) * 6, "quiet\n", from: ConnectionID(2))) }
    #expect(acknowledged.withLock { $0.isEmpty }, "nothing is acknowledged that is not written")
    disk.signal()
    await logs.settled()
    #expect(text(ref(2), in: logs) == String(repeating: "quiet\n", count: 5))
    let flooded = String(repeating: "flooded\n", count: kept)
    #expect(text(ref(1), in: logs) == flooded + "[\((100 - kept) * 8) bytes left out]\n")
    #expect(acknowledged.withLock { $0 } == [ref(1): 800, ref(2): 30])
    // All that waited is written: there is as much room as in the beginning.
    #expect(append(ref(1), 800, "again\n", from: ConnectionID(1)))
    await logs.settled()
    #expect(text(ref(1), in: logs).hasSuffix("bytes left out]\nagain\n"))
  }

  @Test func whatIsKeptAfterAGapTellsItOnce() async {
    var backlog = LogBacklog(limit: 1_024)
    let chunk = LogChunk(attempt: ref(1), offset: 10, bytes: [1, 2])
    #expect(backlog.admit(chunk, from: ConnectionID(1)) == .kept)
    #expect(backlog.admit(chunk, from: ConnectionID(1)) == .kept)
    #expect(backlog.admit(chunk, from: ConnectionID(1)) == .cut)
    #expect(backlog.admit(chunk, from: ConnectionID(1)) == .cutFurther)
    #expect(backlog.admit(chunk, from: ConnectionID(2)) == .kept)
    backlog.release(chunk, from: ConnectionID(1))
    backlog.release(chunk, from: ConnectionID(2))
    #expect(backlog.admit(chunk, from: ConnectionID(1)) == .kept)
    #expect(backlog.takeCut(of: ref(1)) == nil)
    for _ in 0..<2 { backlog.release(chunk, from: ConnectionID(1)) }
    #expect(backlog.bytes == 0)
  }

  @Test func aLongLogIsReadInPieces() async {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let logs = LogStore(directory: directory, bound: 1 << 20)
    defer { logs.close() }
    for turn in 0..<16 {
      let bytes = [UInt8](repeating: UInt8(turn), count: 60_000)
      logs.append(
        LogChunk(attempt: ref(1), offset: UInt64(turn * bytes.count), bytes: bytes), from: ConnectionID(1)
      ) { _ in }
    }
    await logs.settled()
    var (sum, position) = (0, 0)
    while true {
      let (bytes, next) = logs.read(ref(1), from: position)
      #expect(bytes.count <= 2 * LogStore.pieceBytes)
      if bytes.isEmpty { break }
      sum += bytes.count
      position = next
    }
    #expect(sum == 16 * 60_000)
  }
}
