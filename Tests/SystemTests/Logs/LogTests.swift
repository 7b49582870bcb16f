import Foundation
import SwitchyardModel
import Testing

extension RealProcesses {
  @Suite struct Logs {
    @Test func `lines are seen while the command runs`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        // Each line waits until the one before was seen by the follower.
        let gate = cluster.path("gate")
        try await cluster.api.apply(
          shellJob("talks", "for n in 1 2 3; do echo line $n; while [ ! -e \(gate).$n ]; do sleep 0.02; done; done"))
        let id = try await cluster.api.run("talks")
        let follower = try cluster.begin("instance", "logs", id, "--follow")
        defer { follower.process.signal(SIGKILL) }
        for number in 1...3 {
          let expected = (1...number).map { "line \($0)\n" }.joined()
          try await eventually("line \(number) is seen") { follower.output == Array(expected.utf8) }
          try cluster.write("gate.\(number)", "")
        }
        let outcome = try await follower.outcome()
        #expect(outcome.code == 0 && outcome.text == "line 1\nline 2\nline 3\n", "\(outcome)")
        #expect(try await cluster.succeeds("instance", "logs", id).text == "line 1\nline 2\nline 3\n")
      }
    }

    @Test func `a follower goes from one attempt to the next, and the old log stays`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        let command = "echo attempt $SWITCHYARD_ATTEMPT; [ $SWITCHYARD_ATTEMPT -gt 1 ]"
        try await cluster.api.apply(shellJob("twice", command, ["retry": ["limit": 1, "backoff": "1s", "jitter": 0]]))
        let id = try await cluster.api.run("twice")
        let follower = try cluster.begin("instance", "logs", id, "--follow")
        let outcome = try await follower.outcome()
        #expect(outcome.text == "attempt 1\nattempt 2\n", "\(outcome)")
        #expect(try await cluster.succeeds("instance", "logs", id, "--attempt", "1").text == "attempt 1\n")
        #expect(try await cluster.succeeds("instance", "logs", id).text == "attempt 2\n")
      }
    }

    @Test func `too much is cut with a count, and the end is kept`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        try await cluster.api.apply(
          shellJob(
            "chatty", "echo first words; head -c 8000000 /dev/zero | tr '\\0' 'x' | fold -w 99; echo; echo last words"))
        let id = try await cluster.api.run("chatty")
        #expect(try await cluster.api.end(of: id, within: .seconds(60)).text("state") == "succeeded")
        let text = try await eventually("the end of the log is there") {
          let text = String(decoding: try await cluster.api.log(of: id), as: UTF8.self)
          return text.hasSuffix("last words\n") ? text : nil
        }
        #expect(text.hasPrefix("first words\n"))
        #expect(text.utf8.count < 2 << 20, "\(text.utf8.count) bytes were kept")
        let notice = try #require(text.firstMatch(of: /\[(\d+) bytes left out\]/))
        let left = try #require(Int(notice.1))
        // Every byte is there or counted: 8,000,000 and a line end after each 99 of them, and what was said.
        let written = "first words\n".utf8.count + 8_000_000 + 80_808 + 1 + "last words\n".utf8.count
        #expect(
          text.utf8.count - notice.0.utf8.count - 1 + left == written, "\(text.utf8.count) kept, \(left) left out")
      }
    }

    @Test func `bytes come through as they are`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        let octal = (0...255).map { "\\" + String($0, radix: 8) }.joined()
        try await cluster.api.apply(shellJob("binary", "printf '\(octal)'; printf '\\377\\n' >&2"))
        let id = try await cluster.api.run("binary")
        #expect(try await cluster.api.end(of: id).text("state") == "succeeded")
        let outcome = try await cluster.succeeds("instance", "logs", id, "--raw")
        #expect(Array(outcome.output.prefix(256)) == Array(0...255))
        #expect(Array(outcome.output.dropFirst(256)) == [255, 10])
      }
    }

    /// In octal, as `printf` takes it, and what a terminal gets.
    static let controls: [(said: String, shown: String)] = [
      // Colours, the title, the clipboard, another screen, a report that would be typed in.
      ("\\033[31mred", "^[[31mred"), ("\\033]0;owned\\007", "^[]0;owned^G"), ("\\033]52;c;eA==\\007", "^[]52;c;eA==^G"),
      ("\\033[?1049h", "^[[?1049h"), ("\\033[6n", "^[[6n"), ("\\033P+q\\033\\134", "^[P+q^[\\"),
      // Over what was there before.
      ("all well\\rfailed", "all well^Mfailed"), ("ab\\010\\010", "ab^H^H"), ("\\177\\000\\016", "^?^@^N"),
      // The upper half: in UTF-8, alone, and in the guise of longer forms.
      ("\\302\\2331m", "\\x9b1m"), ("\\2331m", "\\x9b1m"), ("\\301\\233", "\u{FFFD}\\x9b"),
      // Text is as it was, a tab too.
      ("\\tÜber 日本 🚀 ©", "\tÜber 日本 🚀 ©"),
    ]

    @Test func `a terminal shows what a log says to it, and does not obey`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        let said = Self.controls.map { $0.said + "\\n" }.joined()
        try await cluster.api.apply(shellJob("hostile", "printf '\(said)'"))
        let id = try await cluster.api.run("hostile")
        #expect(try await cluster.api.end(of: id).text("state") == "succeeded")
        // `script` makes a terminal, which ends lines in its own way.
        let expected = Self.controls.map { $0.shown + "\r\n" }.joined()
        for words in ["instance logs \(id)", "job run hostile --wait"] {
          let command = try Command(
            cluster, ["-qec", "'\(Programs.switchyard)' \(words)", "/dev/null"], [:], nil, program: "/usr/bin/script")
          let outcome = try await command.outcome()
          #expect(outcome.text.hasPrefix(expected), "\(words): \(outcome)")
        }
        let plain = try await cluster.succeeds("instance", "logs", id).output
        #expect(plain.starts(with: Array("\u{1B}[31mred\n".utf8)), "a pipe gets the bytes as they are")
      }
    }
  }
}
