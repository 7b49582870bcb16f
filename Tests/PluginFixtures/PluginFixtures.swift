import Foundation
import SwitchyardModel
package import SwitchyardPlugins

/// Plugins in C that tests compile when they need them, in a directory that goes away with the value.
package final class PluginFixtures: Sendable {
  package let directory: String

  package init() throws {
    directory = FileManager.default.temporaryDirectory.path + "/switchyard-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
  }

  deinit { try? FileManager.default.removeItem(atPath: directory) }

  /// Compiles `Tests/Fixtures/plugins/SOURCE.c`.
  ///
  /// - Parameters:
  ///   - name: of the file to make, without `.so`.
  ///   - defines: as `BAD_SHORT` or `NAME=value`.
  @discardableResult
  package func compile(_ source: String, as name: String? = nil, _ defines: String...) throws -> String {
    let output = "\(directory)/\(name ?? source).so"
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      ["cc", "-O1", "-shared", "-fPIC", "-fvisibility=hidden", "-I\(Self.root)/SDK/C/include"]
      + defines.map { "-D\($0)" } + ["\(Self.root)/Tests/Fixtures/plugins/\(source).c", "-o", output]
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let text = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(text: String(decoding: text, as: UTF8.self)) }
    return output
  }

  /// A file with these bytes.
  package func write(_ bytes: [UInt8], as name: String) throws -> String {
    let path = "\(directory)/\(name)"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }

  /// A registry that opens files in a child process first, as a server does.
  package func registry(
    probing: Bool = true, timeoutSeconds: Int64 = 10, log: @escaping @Sendable (PluginLogLine) -> Void = { _ in }
  ) throws -> PluginRegistry {
    var probe: PluginProbe?
    if probing {
      guard let beside = PluginProbe.beside() else {
        throw Failure(text: "switchyard-plugin-host is not built beside the tests")
      }
      probe = beside
      probe?.timeout = .seconds(timeoutSeconds)
    }
    return try PluginRegistry(.init(directory: directory, probe: probe, log: log))
  }

  /// The root of the package.
  package static var root: String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .path
  }

  package struct Failure: Error, CustomStringConvertible {
    package let text: String
    package var description: String { text }
  }
}
