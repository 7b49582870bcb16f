import Foundation
import SwitchyardModel
import SwitchyardStorage
import SwitchyardStorageSQLite
import Testing

@Suite struct SQLiteCrashTests {
  @Test("what was acknowledged outlives SIGKILL, and no group is there in part", .timeLimit(.minutes(5)))
  func survivesKills() async throws {
    let base = FileManager.default.temporaryDirectory.appendingPathComponent("switchyard-crash-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: base) }
    let seed = UInt64.random(in: 0...UInt64.max)
    print("crash test with seed \(seed)")
    var random = SeededRandom(seed: seed)
    var last: UInt64 = 0
    for start in 1...UInt64(200) {
      let acknowledged = try runAndKill(base.path, start: start, first: last + 1, after: Int(random.below(40)))
      let store = try SQLiteStore.open(at: base.path)
      last = try await store.checkGroups(acknowledged: acknowledged, from: last)
      await store.close()
    }
    #expect(last > 200)
  }

  /// - Returns: the last group that the child said was acknowledged.
  private func runAndKill(_ path: String, start: UInt64, first: UInt64, after lines: Int) throws -> UInt64 {
    let child = try Child("storage-crasher", [path, "\(start)", "\(first)"])
    var said: [UInt8] = []
    while said.count(where: { $0 == 10 }) <= lines {
      let bytes = child.read()
      if bytes.isEmpty { break }
      said += bytes
    }
    child.kill()
    while case let bytes = child.read(), !bytes.isEmpty { said += bytes }
    child.closeOutput()
    let text = String(decoding: said, as: UTF8.self)
    let groups = text.split(separator: "\n").map { UInt64($0) }
    #expect(!groups.isEmpty && groups.allSatisfy { $0 != nil }, "the child said: \(text)")
    return (groups.last ?? nil) ?? first
  }
}

extension SQLiteStore {
  /// Checks what a `storage-crasher` has left.
  ///
  /// - Parameters:
  ///   - acknowledged: the last group that it said was.
  ///   - from: the last that is known to be there.
  /// - Returns: the last group that is in the store.
  func checkGroups(acknowledged: UInt64, from: UInt64) async throws -> UInt64 {
    var last = from
    for group in (from + 1)...(acknowledged + 2) {
      var states: [InstanceState?] = []
      for number in 1...UInt64(5) {
        states.append(try await instance(InstanceID(rawValue: group * 10 + number))?.state)
      }
      #expect(Set(states).count == 1, "group \(group) is there in part: \(states)")
      guard let state = states[0] else {
        #expect(group > acknowledged, "group \(group) was acknowledged and is lost")
        break
      }
      #expect(group <= acknowledged + 1)
      if group < acknowledged { #expect(state == .succeeded) }
      last = group
    }
    #expect(try await activeCounts() == [.dispatched: 5])
    return last
  }
}
