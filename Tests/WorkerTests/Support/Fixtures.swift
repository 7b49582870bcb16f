import Foundation
import Glibc
import Logging
import SwitchyardCore
import SwitchyardModel
import SwitchyardSystem

@testable import SwitchyardWorker

/// A directory that goes with the test.
final class TemporaryDirectory: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/switchyard-\(UInt64.random(in: 0...UInt64.max))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// The shim that was built with these tests.
let shimPath: String = {
  if let path = ProcessInfo.processInfo.environment["SWITCHYARD_SHIM"] { return path }
  let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
  return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("switchyard-shim").path
}()

func assignment(
  _ processor: Processor, instance: UInt64 = 7, attempt: UInt32 = 1, timeout: Span? = nil, grace: Span = .seconds(5),
  whenIsolated: WhenIsolated = .kill, parameters: String? = nil
) -> Assignment {
  let spec = JobSpec(
    name: "test-job", processor: processor, timeout: timeout, grace: grace, whenIsolated: whenIsolated)
  return Assignment(
    attempt: AttemptRef(instance: InstanceID(rawValue: instance), attempt: attempt), shard: Shard(3), epoch: 1,
    // A job of its own: one version of a job has one definition.
    definition: JobVersion(job: JobID(rawValue: instance), number: 1, app: "shop", spec: spec),
    parameters: parameters, dueAt: Timestamp(seconds: 1_700_000_000))
}

func shell(_ script: String, environment: [Label] = [], directory: String? = nil) -> Processor {
  .shell(ShellCommand(arguments: ["/bin/sh", "-c", script], environment: environment, directory: directory))
}

/// Runs attempts and waits for what is reported of them.
final class Attempts: Sendable {
  let reports = Collector<AttemptReport>()

  func startedAt(_ ref: AttemptRef) async -> Timestamp {
    let report = await reports.first { if case .started(ref, _) = $0 { true } else { false } }
    if case .started(_, let at) = report { return at }
    return .distantPast
  }

  func result(_ ref: AttemptRef) async -> AttemptResult {
    let report = await reports.first { if case .ended(let result) = $0 { result.attempt == ref } else { false } }
    if case .ended(let result) = report { return result }
    return AttemptResult(attempt: ref, outcome: .lost, startedAt: nil, endedAt: .distantPast)
  }
}

/// A shell runner on a data directory of its own.
final class ShellFixture: Sendable {
  let temporary: TemporaryDirectory
  let directory: DataDirectory
  let deadline: DeadlinePage
  let logs: LogBook
  let attempts = Attempts()
  let runner: ShellRunner

  init(limits: LogLimits = LogLimits(), environment: [String: String] = ["PATH": "/usr/bin:/bin", "SECRET": "x"]) throws
  {
    temporary = try TemporaryDirectory()
    directory = try DataDirectory(path: temporary.path + "/data")
    guard directory.takeLock() else { throw WorkerError(.directoryInUse, "locked") }
    try directory.clearRun()
    deadline = try DeadlinePage()
    deadline.set(SystemClock.boot() + .seconds(60))
    logs = LogBook(limits: limits, announce: {})
    let reports = attempts.reports
    runner = try ShellRunner(
      settings: ShellSettings(
        shimPath: shimPath, worker: "tester", environment: environment, logger: Logger(label: "test")),
      directory: directory, deadline: deadline, logs: logs, report: { reports.append($0) })
  }

  func run(_ assignment: Assignment) async -> AttemptResult {
    runner.start(assignment)
    return await attempts.result(assignment.attempt)
  }

  /// All that an attempt wrote and that is kept.
  func output(of ref: AttemptRef) -> String {
    String(decoding: logs.takeAll(of: ref).flatMap(\.bytes), as: UTF8.self)
  }
}

/// Waits until there is no process of that number. There is no event for processes of others.
func waitForEnd(of process: pid_t) async throws {
  while kill(process, 0) == 0 || errno != ESRCH {
    if state(of: process) == "Z" { return }
    try await Task.sleep(for: .milliseconds(5))
  }
}

func state(of process: pid_t) -> String? {
  guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
    let end = text.lastIndex(of: ")")
  else { return nil }
  return text[text.index(after: end)...].split(separator: " ").first.map(String.init)
}

/// Waits for a file that the job writes in one step.
func contents(of path: String) async throws -> String {
  while true {
    if let text = try? String(contentsOfFile: path, encoding: .utf8), text.hasSuffix("\n") {
      return String(text.dropLast())
    }
    try await Task.sleep(for: .milliseconds(5))
  }
}
