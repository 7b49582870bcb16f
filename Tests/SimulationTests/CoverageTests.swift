import Foundation
import Simulation
import Testing

@Suite struct CoverageTests {
  /// A name that the core counts under and that is missing from the list would never be asked for.
  @Test func knowsEachNameThatTheCoreCounts() throws {
    let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources/SwitchyardCore")
    let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
    var names: Set<String> = []
    for case let file as URL in files where file.pathExtension == "swift" {
      let text = try String(contentsOf: file, encoding: .utf8)
      for match in text.matches(of: #/count\("([a-z.-]+)"\)/#) { names.insert(String(match.1)) }
    }
    #expect(names.contains("commit.late") && names.count > 5)
    #expect(names.subtracting(Coverage.Group.notice.universe) == [])
  }

  @Test func asksForNothingTwice() {
    for group in Coverage.Group.allCases {
      #expect(Set(group.universe).count == group.universe.count, "\(group)")
    }
  }

  /// A reason for what is not asked for would never be found wrong.
  @Test func givesReasonsForWhatThereIsAlone() {
    for group in Coverage.Group.allCases {
      #expect(Set(group.reasons).subtracting(group.universe) == [], "\(group)")
    }
  }

  @Test func saysWhatIsMissingAndWhatNobodyExpected() {
    var coverage = Coverage()
    let all = Coverage.Group.jobWork.universe
    for name in all.dropLast() { coverage.add(.jobWork, name) }
    coverage.add(.jobWork, "juggle")
    #expect(coverage.missing.filter { $0.group == .jobWork }.map(\.name) == all.suffix(1))
    #expect(coverage.unexpected.map(\.name) == ["juggle"])
    let report = coverage.report(whole: false)
    #expect(report.contains("NOT REACHED \(all.last ?? "")") && report.contains("UNEXPECTED work on a job: juggle"))
  }
}
