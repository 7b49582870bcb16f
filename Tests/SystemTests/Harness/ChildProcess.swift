import Foundation
import Synchronization

/// A process that a test started: its output goes to files, it is signalled by its own number alone, and
/// only while it has not been reaped, so that the number is still its own.
final class ChildProcess: Sendable {
  enum End: Equatable, CustomStringConvertible {
    case exit(Int32)
    case signal(Int32)

    var description: String {
      switch self {
      case .exit(let code): "exit code \(code)"
      case .signal(let number): "signal \(number)"
      }
    }
  }

  let pid: pid_t
  private let end = Mutex<End?>(nil)

  /// - Parameters:
  ///   - environment: all of it; nothing is inherited.
  ///   - input: what it reads; nil: nothing.
  ///   - output: a file that is appended to, as is `errors`.
  init(
    _ program: String, _ arguments: [String], environment: [String: String], input: String? = nil, output: String,
    errors: String
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, input ?? "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)

    // A test runner may block or ignore signals; the programs are to start as from a shell.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var (none, all) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    let words = ([program] + arguments).map { strdup($0) } + [nil]
    let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in words + variables { free(text) } }
    var pid: pid_t = 0
    let failure = posix_spawn(&pid, program, &actions, &attributes, words, variables)
    guard failure == 0 else {
      throw Failure("\(program) cannot be started: \(String(cString: strerror(failure))); is it built?")
    }
    self.pid = pid
  }

  /// Nothing happens when it has ended.
  func signal(_ number: Int32) {
    end.withLock { end in
      if reap(&end) == nil { kill(pid, number) }
    }
  }

  /// How it ended; nil while it runs.
  var ended: End? { end.withLock { reap(&$0) } }

  func wait(within limit: Duration = .seconds(30)) async throws -> End {
    try await eventually("process \(pid) ends", within: limit, every: .milliseconds(5)) { self.ended }
  }

  /// With SIGKILL, and returns when it is gone.
  func killAndReap() async throws {
    signal(SIGKILL)
    _ = try await wait()
  }

  private func reap(_ end: inout End?) -> End? {
    if end != nil { return end }
    var status: Int32 = 0
    guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
    end = status & 0x7F == 0 ? .exit(status >> 8 & 0xFF) : .signal(status & 0x7F)
    return end
  }
}
