import Foundation
import Testing

/// The package manager does not enforce layers: this reads what each file imports.
@Suite struct LayerTests {
  /// Rows of the architecture: a target imports only targets of rows above its own.
  static let rows: [[String]] = [
    ["CSwitchyard", "CPluginHost", "CLinux", "CSQLite"],
    ["SwitchyardModel"],
    [
      "SwitchyardCore", "SwitchyardPlugins", "SwitchyardStorage", "SwitchyardWire", "SwitchyardSystem",
      "SwitchyardObservability",
    ],
    ["SwitchyardStorageSQLite", "SwitchyardPlacement"],
    ["SwitchyardServer", "SwitchyardWorker"],
    ["switchyard", "switchyard-plugin-host"],
  ]

  /// What a target may not import though it stands above.
  static let forbidden: [String: Set<String>] = [
    "SwitchyardModel": ["Foundation", "Synchronization", "Glibc", "_Concurrency"],
    "SwitchyardCore": ["Foundation", "FoundationEssentials", "Synchronization", "Glibc", "_Concurrency", "Dispatch"],
  ]

  static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Sources")

  @Test("every folder of Sources stands in a row")
  func known() throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: Self.sources.path)
      .filter { !$0.hasPrefix(".") && !$0.contains(".") }
    let ranked = Set(Self.rows.joined()).union(["switchyard-shim"])
    #expect(Set(folders).subtracting(ranked) == [])
  }

  @Test("no file imports its own row or one below", arguments: rows.flatMap { $0 }.filter { $0 != "CSwitchyard" })
  func imports(target: String) throws {
    let row = try #require(Self.rows.firstIndex { $0.contains(target) })
    let below = Set(Self.rows[row...].joined()).subtracting([target])
    let folder = Self.sources.appendingPathComponent(target)
    let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
    var count = 0
    for case let file as URL in files where file.pathExtension == "swift" {
      count += 1
      let text = try String(contentsOf: file, encoding: .utf8)
      for module in Self.modules(text) {
        // A C target serves the row it was made for and may be imported by it.
        #expect(!below.contains(module), "\(file.lastPathComponent) of \(target) imports \(module)")
        #expect(
          Self.forbidden[target]?.contains(module) != true, "\(file.lastPathComponent) of \(target) imports \(module)")
      }
    }
    #expect(count > 0 || target.hasPrefix("C"))
  }

  @Test(
    "the reader of imports sees each form",
    arguments: [
      "import Foundation", "package import Foundation", "@preconcurrency internal import Foundation",
      "import struct Foundation.Data", "  import Foundation // why",
    ])
  func reader(line: String) { #expect(Self.modules(line) == ["Foundation"]) }

  static func modules(_ text: String) -> [String] {
    text.split(separator: "\n").compactMap { line in
      let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
      guard let keyword = words.firstIndex(of: "import"),
        words[..<keyword].allSatisfy({ $0.hasPrefix("@") || ["package", "public", "internal", "private"].contains($0) })
      else { return nil }
      let kinds: Set<Substring> = ["struct", "class", "enum", "func", "protocol", "var", "let", "typealias"]
      let name = words[(keyword + 1)...].first { !kinds.contains($0) }
      return name.map { String($0.prefix { $0 != "." }) }
    }
  }
}
