import Foundation
import PluginFixtures
import SwitchyardPlugins
import Testing

struct CrashReportTests {
  @Test func aCrashNamesThePluginAndTheFunction() async throws {
    let fixtures = try PluginFixtures()
    let path = try fixtures.compile("bad", "BAD_CRASH_OPEN", "OTHER_ID")
    // The constructor crashes outside of any plugin that is known by name: the line still comes.
    let report = fixtures.directory + "/crash"
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [path = path as String, report = report as String] in
      CrashReport.install(file: report)
      let registry = try PluginRegistry(.init(probe: nil))
      try registry.load(path)
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("switchyard: crashed outside of plugins: SIGSEGV"), "\(text)")
    #expect(try String(contentsOfFile: report, encoding: .utf8).contains("SIGSEGV"))
  }
}
