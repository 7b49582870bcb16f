import Foundation
import SwitchyardModel

/// What a command said and how it ended.
struct CommandOutcome: CustomStringConvertible {
  var arguments: [String]
  var code: Int32
  var output: [UInt8]
  var errors: String

  var text: String { String(decoding: output, as: UTF8.self) }
  var json: JSONValue {
    get throws { try JSONValue(parsing: output, limits: JSONLimits(bytes: 64 << 20)) }
  }
  var description: String { "switchyard \(arguments.joined(separator: " ")): exit code \(code)\n\(text)\(errors)" }
}

extension Cluster {
  /// Runs the CLI as a user of this server would.
  ///
  /// - Parameters:
  ///   - settings: more of the environment, or other values in it; nil takes a variable away.
  ///   - input: for standard input.
  func cli(_ arguments: String..., settings: [String: String?] = [:], input: String? = nil) async throws
    -> CommandOutcome
  {
    let command = try Command(self, arguments, settings, input)
    return try await command.outcome()
  }

  /// - Throws: when the command fails.
  @discardableResult
  func succeeds(_ arguments: String..., input: String? = nil) async throws -> CommandOutcome {
    let outcome = try await Command(self, arguments, [:], input).outcome()
    guard outcome.code == 0 else { throw Failure("\(outcome)") }
    return outcome
  }

  /// Starts a command and lets it run.
  func begin(_ arguments: String...) throws -> Command { try Command(self, arguments, [:], nil) }
}

/// A command that runs, or has ended.
final class Command {
  let process: ChildProcess
  private let arguments: [String]
  private let base: String

  init(
    _ cluster: Cluster, _ arguments: [String], _ settings: [String: String?], _ input: String?,
    program: String = Programs.switchyard
  ) throws {
    self.arguments = arguments
    base = cluster.path("command-\(UInt64.random(in: 0 ... .max))")
    var environment = cluster.environment
    environment["SWITCHYARD_SERVER_URL"] = cluster.url
    environment["SWITCHYARD_TOKEN_FILE"] = "\(cluster.data)/token"
    for (name, value) in settings { environment[name] = value }
    if let input { try input.write(toFile: "\(base).in", atomically: true, encoding: .utf8) }
    process = try ChildProcess(
      program, arguments, environment: environment, input: input == nil ? nil : "\(base).in",
      output: "\(base).out", errors: "\(base).err")
  }

  /// What it has printed so far.
  var output: [UInt8] { Array(FileManager.default.contents(atPath: "\(base).out") ?? Data()) }

  func outcome(within limit: Duration = .seconds(60)) async throws -> CommandOutcome {
    let end: ChildProcess.End
    do {
      end = try await process.wait(within: limit)
    } catch {
      try? await process.killAndReap()
      throw Failure("switchyard \(arguments.joined(separator: " ")) does not end: \(error)")
    }
    let code: Int32
    switch end {
    case .exit(let number): code = number
    case .signal(let number): code = 128 + number
    }
    let errors = String(decoding: FileManager.default.contents(atPath: "\(base).err") ?? Data(), as: UTF8.self)
    return CommandOutcome(arguments: arguments, code: code, output: output, errors: errors)
  }
}
