import PluginFixtures
import SwitchyardModel
import SwitchyardPlugins
import Testing

struct InstanceTests {
  let fixtures: PluginFixtures
  let registry: PluginRegistry
  let plugin: LoadedPlugin

  init() throws {
    fixtures = try PluginFixtures()
    registry = try fixtures.registry(probing: false)
    try registry.load(try fixtures.compile("puppet"))
    plugin = try registry.plugin("test.puppet", as: .balancer)
  }

  private func make(_ configuration: String) throws(PluginError) -> PluginInstance {
    try PluginInstance.make(
      plugin, for: .init(role: .place), configuration: configuration, services: registry.services())
  }

  @Test func anInstanceReadsItsConfiguration() throws {
    try make(#"{"pick": "first", "filter": "kee\u0070"}"#).retire()
    #expect(registry.columns.names(.number) == ["answer"])
    #expect(registry.columns.names(.tag) == ["puppet"])
    #expect(registry.columns.names(.text) == ["os"])
  }

  @Test(
    arguments: [
      (#"{"pik": "first"}"#, "pik"), (#"{"pick": 7}"#, "/pick"),
      (#"{"pick": "a word that is much longer than what is accepted"}"#, "/pick"),
    ])
  func aRefusedConfigurationCarriesThePluginsOwnWords(_ configuration: String, _ text: String) throws {
    let error = #expect(throws: PluginError.self) { try make(configuration) }
    #expect(error?.code == .configuration)
    #expect(
      error?.message.contains(text) == true && error?.message.contains("test.puppet") == true,
      "\(String(describing: error))")
  }

  @Test(arguments: ["", "{", "[]", "7", "{\"a\":1,\"a\":2}", String(repeating: "[", count: 1_000)])
  func whatIsNoJSONObjectNeverReachesThePlugin(_ configuration: String) {
    let calls = plugin.counters.calls
    let error = #expect(throws: PluginError.self) { try make(configuration) }
    #expect(error?.code == .configuration)
    #expect(plugin.counters.calls == calls)
  }

  @Test func callsAndErrorsAreCounted() throws {
    try make("{}").retire()
    _ = try? make(#"{"no": 1}"#)
    let statistics = try #require(registry.statistics().first)
    #expect(statistics.calls >= 2 && statistics.errors == 1)
    #expect(statistics.lastError?.contains("no") == true)
    #expect(statistics.named.map(\.name).contains("picks"))
  }
}
