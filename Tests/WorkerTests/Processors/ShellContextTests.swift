import Foundation
import SwitchyardCore
import SwitchyardModel
import Testing

@testable import SwitchyardWorker

/// What a shell job finds around it, and what of its output is kept.
@Suite(.timeLimit(.minutes(2)))
struct ShellContextTests {
  @Test func environmentIsSmallAndSaysWhatAJobNeeds() async throws {
    let fixture = try ShellFixture()
    let own = [Label(key: "COLOUR", text: "blue"), Label(key: "SWITCHYARD_ATTEMPT", text: "99")]
    let job = assignment(
      .shell(ShellCommand(arguments: ["/usr/bin/env"], environment: own)), attempt: 2, parameters: #"{"a":1}"#)
    #expect(await fixture.run(job).outcome == .succeeded)
    var variables: [String: String] = [:]
    for line in fixture.output(of: job.attempt).split(separator: "\n") {
      let parts = line.split(separator: "=", maxSplits: 1)
      variables[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
    }
    let result = variables.removeValue(forKey: "SWITCHYARD_RESULT")
    #expect(result?.hasPrefix(fixture.directory.runPath) == true)
    #expect(
      variables == [
        "PATH": "/usr/bin:/bin", "HOME": "/", "LANG": "C.UTF-8", "COLOUR": "blue",
        "SWITCHYARD_INSTANCE": "0000000000007", "SWITCHYARD_ATTEMPT": "2", "SWITCHYARD_JOB": "test-job",
        "SWITCHYARD_APP": "shop", "SWITCHYARD_WORKER": "tester", "SWITCHYARD_DUE": "2023-11-14T22:13:20.000Z",
        "SWITCHYARD_PARAMETERS": #"{"a":1}"#,
      ])
    await fixture.runner.shutdown()
  }

  @Test func longParametersComeInAFile() async throws {
    let fixture = try ShellFixture()
    let text = "\"" + String(repeating: "x", count: 300_000) + "\""
    let job = assignment(
      shell("test -z \"$SWITCHYARD_PARAMETERS\" && wc -c < $SWITCHYARD_PARAMETERS_FILE"), parameters: text)
    #expect(await fixture.run(job).outcome == .succeeded)
    #expect(fixture.output(of: job.attempt) == "300002\n")
    await fixture.runner.shutdown()
  }

  @Test func descriptorsAreClosed() async throws {
    let fixture = try ShellFixture()
    let job = assignment(shell("ls /proc/self/fd | wc -l; readlink /proc/self/fd/0"))
    #expect(await fixture.run(job).outcome == .succeeded)
    // 0, 1, 2, and the directory that `ls` reads.
    #expect(fixture.output(of: job.attempt) == "4\n/dev/null\n")
    await fixture.runner.shutdown()
  }

  @Test(arguments: [
    ("printf hello > $SWITCHYARD_RESULT", "hello", String?.none),
    ("true", nil, nil),
    ("exec 2>&-; printf '\\377' > $SWITCHYARD_RESULT; exit 2", "\u{FFFD}", "exit code 2"),
    (
      "head -c 70000 /dev/zero > $SWITCHYARD_RESULT", nil,
      "its result of 70000 bytes is left out: at most 65536 are kept"
    ),
    ("mkfifo $SWITCHYARD_RESULT", nil, "its result is left out: SWITCHYARD_RESULT must be a plain file"),
    (
      "ln -s /etc/passwd $SWITCHYARD_RESULT", nil, "its result is left out: SWITCHYARD_RESULT must be a plain file"
    ),
  ])
  func resultIsAFile(script: String, text: String?, detail: String?) async throws {
    let fixture = try ShellFixture()
    let result = await fixture.run(assignment(shell(script)))
    #expect(result.result == text)
    #expect(result.detail == detail)
    #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.directory.runPath).isEmpty)
    await fixture.runner.shutdown()
  }

  @Test func bothStreamsAreKeptInOrder() async throws {
    let fixture = try ShellFixture()
    let job = assignment(shell("for i in 1 2 3; do echo out $i; echo err $i >&2; done"))
    _ = await fixture.run(job)
    #expect(fixture.output(of: job.attempt) == "out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n")
    await fixture.runner.shutdown()
  }

  @Test func endlessOutputIsBounded() async throws {
    var limits = LogLimits()
    limits.attempt = 100_000
    limits.tail = 1_000
    let fixture = try ShellFixture(limits: limits)
    let job = assignment(shell("yes 123456789 | head -c 20000000; echo the end"))
    #expect(await fixture.run(job).outcome == .succeeded)
    let chunks = fixture.logs.takeAll(of: job.attempt)
    #expect(chunks.reduce(0) { $0 + $1.bytes.count } == 101_000)
    let last = try #require(chunks.last)
    #expect(last.offset + UInt64(last.bytes.count) == 20_000_008)
    #expect(last.dropped == 20_000_008 - 101_000)
    #expect(String(decoding: last.bytes, as: UTF8.self).hasSuffix("the end\n"))
    #expect(fixture.logs.dropped == last.dropped)
    await fixture.runner.shutdown()
  }
}
