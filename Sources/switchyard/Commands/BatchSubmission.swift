import ArgumentParser
import AsyncHTTPClient
import Foundation
import SwitchyardModel

/// Submits what a file holds, for `instance submit` and `job run --batch`.
struct BatchSubmission {
  let app: String
  /// Of lines that name none.
  let job: String?
  let server: ServerOptions

  /// - Throws: exit code 1 when something was refused.
  func run(_ path: String) async throws {
    let file = try SubmissionFile(path: path, job: job)
    let client = try server.client()
    var tally = Tally()
    try await Progress.during("submitting") { progress in
      var rest: [UInt8] = []
      try await client.stream(
        "\(Paths.app(app))/instances", method: "POST", headers: [("content-type", "application/x-ndjson")],
        body: .stream(file, length: .unknown)
      ) { bytes in
        if server.json { try writeRaw(bytes) }
        rest += bytes
        guard let end = rest.lastIndex(of: 0x0A) else { return }
        for line in rest[..<end].split(separator: 0x0A) { tally.count(Array(line)) }
        rest.removeFirst(end + 1)
        progress.reached(tally.answered)
      }
    }
    if !server.json {
      print("\(tally.stored) stored, \(tally.duplicates) were there already, \(tally.refused) refused")
    }
    if tally.refused > 0 { throw ExitCode.failure }
  }

  private struct Tally {
    var stored = 0
    var duplicates = 0
    var refused = 0
    var answered: Int { stored + duplicates + refused }

    mutating func count(_ line: [UInt8]) {
      guard let answer = try? JSONValue(parsing: line), answer["id"] != nil else {
        refused += 1
        // So many tell what is wrong; a wrong file has thousands of them.
        if refused <= 20 {
          let detail = (try? JSONValue(parsing: line))?["problem"]?["detail"]?.stringValue ?? "no answer"
          try? FileHandle.standardError.write(
            contentsOf: Data((shown("submission \(answered): \(detail)") + "\n").utf8))
        }
        return
      }
      if answer["duplicate"] == true { duplicates += 1 } else { stored += 1 }
    }
  }
}
