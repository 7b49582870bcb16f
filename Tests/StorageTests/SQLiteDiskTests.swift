import Foundation
import SwitchyardModel
import SwitchyardStorage
import SwitchyardStorageSQLite
import Testing

/// Real file systems that come to their end, mounted where nobody else sees them.
@Suite struct SQLiteDiskTests {
  @Test("a disk that is really full refuses, keeps what was acknowledged, and goes on when there is room")
  func survivesAFullDisk() async throws {
    let run = try Self.run(
      """
      mount -t tmpfs -o size=6m none "$1" || exit 77
      head -c 4m /dev/zero > "$1/ballast" || exit 77
      """)
    guard let run else { return }
    defer { run.remove() }
    #expect(run.refusals.count >= 3)
    #expect(run.refusals.allSatisfy { $0.contains("is full; free some space") }, "\(run.refusals)")
    let after = run.lines.drop { !$0.hasPrefix("refused") }.compactMap { UInt64($0) }
    #expect(after.count >= 20, "it goes on when the ballast is gone")
    try await check(run)
  }

  @Test("a disk that the kernel makes read-only refuses, reads go on, and nothing acknowledged is lost")
  func survivesAReadOnlyDisk() async throws {
    var isFaulty = false
    let run = try Self.run(
      """
      truncate -s 32m "$2/image" && mkfs.ext4 -q -F "$2/image" || exit 77
      mount -o loop,errors=remount-ro "$2/image" "$1" || exit 77
      fault="/sys/fs/ext4/$(basename "$(findmnt -no SOURCE "$1")")/trigger_fs_error"
      [ -w "$fault" ] || exit 77
      echo "fault $fault"
      """
    ) { lines in
      // Some groups are acknowledged by then, and the log has begun anew once or twice.
      guard !isFaulty, lines.contains("50"), let file = lines.first(where: { $0.hasPrefix("fault ") }) else { return }
      isFaulty = true
      try "1".write(toFile: String(file.dropFirst("fault ".count)), atomically: false, encoding: .utf8)
    }
    guard let run else { return }
    defer { run.remove() }
    #expect(isFaulty)
    #expect(run.refusals.count == 3)
    #expect(run.refusals.allSatisfy { $0.contains("cannot be written") }, "\(run.refusals)")
    try await check(run)
  }

  /// What the groups of a `storage-crasher` left is whole.
  private func check(_ run: Run) async throws {
    let odd = run.lines.filter { UInt64($0) == nil && !$0.hasPrefix("refused ") && !$0.hasPrefix("fault ") }
    #expect(odd.isEmpty, "the child said: \(odd)")
    let acknowledged = try #require(run.lines.compactMap { UInt64($0) }.last)
    let store = try SQLiteStore.open(at: run.left)
    #expect(try await store.checkGroups(acknowledged: acknowledged, from: 0) >= acknowledged)
    await store.close()
  }

  private struct Run {
    var lines: [String]
    var directory: URL
    /// A copy of the files as they were at the end.
    var left: String { directory.appendingPathComponent("left").path }
    var refusals: [String] { lines.filter { $0.hasPrefix("refused ") } }
    func remove() { try? FileManager.default.removeItem(at: directory) }
  }

  /// Runs a `storage-crasher` on a file system that a script mounts in a namespace of its own.
  ///
  /// - Parameters:
  ///   - mount: shell commands: `$1` is where to mount, `$2` a directory to use; exit code 77 when the system does not
  ///     allow it.
  ///   - told: gets all lines that were said so far, each time when there are more.
  /// - Returns: nil, and says so, when the system does not allow it.
  private static func run(_ mount: String, told: ([String]) throws -> Void = { _ in }) throws -> Run? {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent(
      "switchyard-disk-\(UUID().uuidString)")
    for part in ["disk", "left"] {
      try FileManager.default.createDirectory(
        at: directory.appendingPathComponent(part), withIntermediateDirectories: true)
    }
    let script = """
      \(mount)
      timeout 60 "$3" "$1" 1 1 "$1/ballast"
      echo "ended $?"
      cp "$1"/switchyard.db* "$2/left/"
      """
    let child = try Child(
      "/usr/bin/env",
      [
        "unshare", "-m", "sh", "-c", script, "sh", directory.appendingPathComponent("disk").path, directory.path,
        "\(try Child.directory())storage-crasher",
      ])
    var said: [UInt8] = []
    var lines: [String] { String(decoding: said, as: UTF8.self).split(separator: "\n").map(String.init) }
    while case let bytes = child.read(), !bytes.isEmpty {
      said += bytes
      try told(lines)
    }
    child.closeOutput()
    let code = child.wait()
    var whole = lines
    guard whole.popLast() == "ended 0", code == 0 else {
      Run(lines: whole, directory: directory).remove()
      guard said.isEmpty else { throw Failure(description: "code \(code): \(String(decoding: said, as: UTF8.self))") }
      print("skipped: this system does not let the tests mount a file system (code \(code))")
      return nil
    }
    return Run(lines: whole, directory: directory)
  }

  private struct Failure: Error, CustomStringConvertible { var description: String }
}
