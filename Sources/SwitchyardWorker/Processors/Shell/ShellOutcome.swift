import Glibc
import SwitchyardCore
import SwitchyardModel

/// What became of a shell attempt, in a word and for people.
struct ShellOutcome: Hashable {
  var outcome: AttemptOutcome
  var detail: String?

  /// - Parameters:
  ///   - end: the shim's last record.
  ///   - asked: what this worker ordered, if anything.
  init(_ end: ShimRecord.End, asked: KillReason?, timeout: Span?) {
    let status = Self.text(end.status)
    switch end.reason {
    case .none:
      let succeeded = end.status == .exit(0)
      outcome = succeeded ? .succeeded : .failed
      detail = succeeded ? nil : status
    case .timeout:
      outcome = .timedOut
      detail = "timed out after \(timeout ?? .zero); \(status)"
    case .stopped:
      switch asked {
      case .stopped: (outcome, detail) = (.stopped, "stopped; \(status)")
      case .isolated: (outcome, detail) = (.isolated, Self.isolated(status))
      case nil: (outcome, detail) = (.failed, "ended by a signal to its shim; \(status)")
      }
    case .isolated, .orphaned:
      outcome = .isolated
      detail = Self.isolated(status)
    }
    if end.leftover > 0 {
      let processes = end.leftover == 1 ? "1 process that it left" : "\(end.leftover) processes that it left"
      detail = [detail, "\(processes) killed"].compactMap { $0 }.joined(separator: "; ")
    }
  }

  /// Nothing was started.
  init(spawnFailed number: Int32, step: String, of command: ShellCommand) {
    if step == "deadline", number == ETIME {
      outcome = .isolated
      detail = "not started: the worker's lease had run out"
      return
    }
    outcome = .failed
    let reason = systemMessage(number)
    switch step {
    case "exec": detail = "cannot run \(quoted(command.arguments.first ?? "")): \(reason)"
    case "cwd": detail = "cannot enter the directory \(quoted(command.directory ?? "")): \(reason)"
    default: detail = "cannot start (\(step)): \(reason)"
    }
  }

  /// The shim is gone without a last word.
  init(shimDied status: Int32) {
    outcome = .failed
    let signal = status & 0x7F
    let cause = signal == 0 ? "exit code \((status >> 8) & 0xFF)" : Self.text(.signal(signal))
    detail = "the shim ended before its attempt: \(cause)"
  }

  private static func isolated(_ status: String) -> String { "killed because the worker lost its server; \(status)" }

  /// `exit code 3`, `killed by signal 9 (KILL)`.
  static func text(_ status: ShimRecord.End.Status) -> String {
    switch status {
    case .exit(let code): "exit code \(code)"
    case .signal(let number): "killed by signal \(number)" + (names[number].map { " (\($0))" } ?? "")
    }
  }

  private static let names: [Int32: String] = [
    SIGHUP: "HUP", SIGINT: "INT", SIGQUIT: "QUIT", SIGILL: "ILL", SIGTRAP: "TRAP", SIGABRT: "ABRT", SIGBUS: "BUS",
    SIGFPE: "FPE", SIGKILL: "KILL", SIGUSR1: "USR1", SIGSEGV: "SEGV", SIGUSR2: "USR2", SIGPIPE: "PIPE",
    SIGALRM: "ALRM", SIGTERM: "TERM", SIGXCPU: "XCPU", SIGXFSZ: "XFSZ", SIGSYS: "SYS",
  ]
}
