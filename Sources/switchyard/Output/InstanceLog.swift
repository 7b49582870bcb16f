import ArgumentParser
import Foundation

extension APIClient {
  /// Prints the log of an instance: its bytes as they are, but for a terminal as ``TerminalText``.
  ///
  /// - Parameter raw: as they are to a terminal, too.
  func printLog(of id: String, _ query: [(String, String?)] = [], raw: Bool = false) async throws {
    let isPlain = raw || !Terminal.isOutput
    var terminal = TerminalText()
    try await stream("\(Paths.instance(id))/logs", query) { bytes in
      try writeRaw(isPlain ? bytes : terminal.shown(bytes))
    }
  }
}

/// Bytes as they are to standard output.
///
/// - Throws: the exit code of success when the reader of a pipe has seen enough.
func writeRaw(_ bytes: [UInt8]) throws {
  do { try FileHandle.standardOutput.write(contentsOf: Data(bytes)) } catch { throw ExitCode.success }
}
