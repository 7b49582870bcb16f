import Foundation
import PluginFixtures
import SwitchyardModel
import SwitchyardPlugins
import Testing

/// What comes of a file in the plugin directory: loaded, or refused with a reason that says what to do.
struct LoadingTests {
  let fixtures: PluginFixtures
  let registry: PluginRegistry

  init() throws {
    fixtures = try PluginFixtures()
    registry = try fixtures.registry(timeoutSeconds: 3)
  }

  private func refusal(_ path: String) -> PluginError? {
    do throws(PluginError) {
      try registry.load(path)
      return nil
    } catch {
      return error
    }
  }

  @Test func aGoodPluginIsListedWithAllThatItOffers() throws {
    let path = try fixtures.compile("puppet")
    let info = try #require(try registry.load(path).first)
    #expect(info.id == "test.puppet" && info.version == "1.0.0" && info.state == .loaded)
    #expect(info.kinds == [.filter, .scorer, .balancer, .prepare, .observer, .metrics])
    #expect(info.hash.count == 64 && info.warnings.isEmpty && info.configSchema == "{}")
    #expect(registry.list() == [info])
  }

  @Test(
    arguments: [
      ("BAD_NO_ENTRY", PluginError.Code.entry, "exports no switchyard_plugin_v1()"),
      ("BAD_OTHER_MAJOR", .entry, "is for major version 2"),
      ("BAD_REFUSES", .entry, "answered NULL"),
      ("BAD_SHORT", .description, "sy_plugin.size is 64, so that sy_plugin.create is missing"),
      ("BAD_SHORT_BALANCER", .description, "sy_balancer.size is 8, so that sy_balancer.pick is missing"),
      ("BAD_NULL_CREATE", .description, "sy_plugin.create is NULL"),
      ("BAD_NULL_PICK", .description, "sy_balancer.pick is NULL"),
      ("BAD_ID", .description, "sy_plugin.id: must be"),
      ("BAD_VERSION", .description, "sy_plugin.version: must be a semantic version"),
      ("BAD_LOOP", .description, "two plugins in this file"),
      ("BAD_NOTHING", .description, "offers nothing"),
      ("BAD_EVERYTHING", .description, "for an id that does not exist"),
      ("BAD_CRASH_OPEN", .probeFailed, "killed by signal 11"),
      ("BAD_EXIT_OPEN", .probeFailed, "exited with code 0"),
      ("BAD_HANG_OPEN", .probeFailed, "nothing happened for 3000 ms"),
    ])
  func aBadPluginIsRefused(_ define: String, _ code: PluginError.Code, _ text: String) throws {
    let path = try fixtures.compile("bad", as: define.lowercased(), define)
    let error = try #require(refusal(path))
    #expect(error.code == code, "\(error)")
    #expect(error.message.contains(text), "\(error)")
    #expect(error.message.contains(define.lowercased()), "names the file: \(error)")
    let listed = try #require(registry.list().first)
    #expect(listed.state == .failed(error.message) && listed.id.isEmpty)
  }

  @Test func aFileThatIsNoLibraryIsRefusedByItsHeader() throws {
    #expect(
      refusal(try fixtures.write(Array("#!/bin/sh\n".utf8), as: "script.so"))?.message.contains("no ELF file") == true)
    #expect(refusal(try fixtures.write([], as: "empty.so"))?.message.contains("no ELF file") == true)
    let good = try [UInt8](Data(contentsOf: URL(fileURLWithPath: try fixtures.compile("puppet"))))
    var other = good
    other[18] = 243
    #expect(refusal(try fixtures.write(other, as: "riscv.so"))?.message.contains("built for RISC-V") == true)
    other = good
    other[4] = 1
    #expect(refusal(try fixtures.write(other, as: "small.so"))?.message.contains("32-bit") == true)
    #expect(refusal(try fixtures.write(Array(good.prefix(100)), as: "cut.so"))?.message.contains("cut off") == true)
    let half = refusal(try fixtures.write(Array(good.prefix(good.count / 2)), as: "half.so"))
    #expect(half != nil, "half a file")
  }

  @Test func aFileThatOthersMayChangeIsRefused() throws {
    let path = try fixtures.compile("puppet")
    try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: path)
    let error = refusal(path)
    #expect(error?.code == .untrusted && error?.message.contains("every user") == true)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: fixtures.directory)
    #expect(refusal(path)?.message.contains("its directory") == true)
    try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: fixtures.directory)
    #expect(refusal(path) == nil)
  }

  @Test func aMissingFileIsAnError() {
    #expect(refusal("/nowhere/at/all.so")?.code == .unreadable)
  }

  @Test func anIDBelongsToTheFileThatBroughtItFirst() throws {
    try registry.load(try fixtures.compile("puppet", as: "one"))
    let error = refusal(try fixtures.compile("puppet", as: "two", "PUPPET_VERSION=\"2.0.0\""))
    #expect(error?.code == .duplicate && error?.message.contains("one.so") == true)
    #expect(registry.info("test.puppet")?.version == "1.0.0")
  }

  @Test func theSamePathWithOtherContentsIsANewGeneration() throws {
    let path = try fixtures.compile("puppet")
    let first = try #require(try registry.load(path).first)
    #expect(try registry.load(path).first == first, "nothing changed")
    try fixtures.compile("puppet", as: "puppet", "PUPPET_VERSION=\"2.0.0\"")
    let second = try #require(try registry.load(path).first)
    #expect(second.version == "2.0.0" && second.generation == first.generation + 1 && second.hash != first.hash)
  }

  @Test func aDirectoryIsScannedInOrderAndShowsWhatFailed() throws {
    try fixtures.compile("puppet")
    try fixtures.compile("bad", as: "broken", "BAD_SHORT")
    try fixtures.compile("bad", as: "sound", "OTHER_ID")
    _ = try fixtures.write([1, 2, 3], as: "notes.txt")
    let found = registry.scan(fixtures.directory)
    #expect(found.count == 3)
    #expect(registry.list().map(\.id) == ["test.other", "test.puppet", ""])
    try fixtures.compile("bad", as: "broken", "BAD_FIXED")
    registry.scan(fixtures.directory)
    #expect(registry.list().map(\.id) == ["test.bad", "test.other", "test.puppet"], "repaired: no longer failed")
  }

  #if arch(x86_64)
    @Test func aChangedFloatingPointModeIsPutBackAndBlamed() throws {
      let info = try #require(try registry.load(try fixtures.compile("bad", "CHANGES_FLOATS")).first)
      #expect(info.warnings.contains { $0.contains("floating point mode") })
    }
  #endif

  @Test func aPluginIsFoundByIDAndKind() throws {
    try registry.load(try fixtures.compile("bad", "OTHER_ID"))
    #expect(try registry.plugin("test.other", as: .balancer).id == "test.other")
    #expect(throws: PluginError.self) { try registry.plugin("test.other", as: .filter) }
    let error = #expect(throws: PluginError.self) { try registry.plugin("test.none", as: .balancer) }
    #expect(error?.message.contains("loaded are: test.other") == true)
  }

  @Test func privateCopiesGoWithTheRegistry() throws {
    let fixtures = try PluginFixtures()
    var registry: PluginRegistry? = try fixtures.registry(probing: false)
    try registry?.load(try fixtures.compile("puppet"))
    let copies = {
      try FileManager.default.contentsOfDirectory(atPath: fixtures.directory).filter { $0.contains("plugins-") }
    }
    #expect(try copies().count == 1)
    registry = nil
    #expect(try copies().isEmpty)
  }
}
