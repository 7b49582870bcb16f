import Foundation
import PluginFixtures
import SwitchyardModel
import SwitchyardPlacement
import SwitchyardPlugins
import Testing

struct CrashTests {
  @Test func aCrashInADecisionNamesThePluginTheFunctionAndTheLane() async throws {
    let fixtures = try PluginFixtures()
    let report = fixtures.directory + "/crash"
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      [report = report as String] in
      CrashReport.install(file: report)
      let scene = try await Scene(Scene.puppet(pick: "crash"))
      scene.join("a")
      _ = await scene.place(1)
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("switchyard: plugin test.puppet ("), "\(text)")
    #expect(text.contains("p0.so) crashed in pick on lane 0: SIGSEGV"), "\(text)")
    #expect(try String(contentsOfFile: report, encoding: .utf8).contains("crashed in pick"))
  }
}
