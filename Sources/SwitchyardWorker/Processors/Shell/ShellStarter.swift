import CLinux
import Glibc
import SwitchyardModel

/// Puts together what a shim needs, and starts it.
struct ShellStarter {
  private let settings: ShellSettings
  private let directory: DataDirectory
  private let deadline: DeadlinePage
  private let environment: JobEnvironment
  private let home: String

  /// The shim's numbers for what it is handed; see its `main.c`.
  private enum Handed {
    static let output: Int32 = 1
    static let error: Int32 = 2
    static let control: Int32 = 3
    static let deadline: Int32 = 4
    static let lock: Int32 = 5
  }

  /// Nothing was started, for this reason.
  struct Failure: Error {
    var detail: String
  }

  init(settings: ShellSettings, directory: DataDirectory, deadline: DeadlinePage) {
    self.settings = settings
    self.directory = directory
    self.deadline = deadline
    environment = JobEnvironment(worker: settings.worker, own: settings.environment)
    home = access(environment.home, X_OK) == 0 ? environment.home : "/"
  }

  func start(_ assignment: Assignment, _ command: ShellCommand) throws(Failure) -> ShellAttempt {
    let name = "\(assignment.attempt.instance)-\(assignment.attempt.attempt)"
    guard let attemptDirectory = AttemptDirectory(making: "\(directory.runPath)/\(name)") else {
      throw Failure(detail: "cannot start: \(directory.runPath)/\(name): \(systemMessage())")
    }
    do throws(Failure) {
      return try start(assignment, command, in: attemptDirectory, cgroup: settings.cgroupPath.map { "\($0)/\(name)" })
    } catch {
      attemptDirectory.remove()
      throw error
    }
  }

  private func start(
    _ assignment: Assignment, _ command: ShellCommand, in directory: AttemptDirectory, cgroup: String?
  ) throws(Failure) -> ShellAttempt {
    guard !command.arguments.isEmpty else { throw Failure(detail: "the command has no program") }
    let variables = environment.variables(
      for: assignment, command, resultPath: directory.resultPath,
      parametersPath: try writeLongParameters(of: assignment, to: directory))
    let arguments = ["switchyard-shim"] + options(for: assignment.definition.spec, command, cgroup) + command.arguments
    guard !(arguments + variables).contains(where: { $0.utf8.contains(0) }) else {
      throw Failure(detail: "arguments and environment must not contain NUL characters")
    }

    let (ownControl, shimControl) = try socketPair()
    let (readEnd, writeEnd) = try pipe()
    var handed: [(child: Int32, own: Int32)] = [
      (Handed.output, writeEnd.number), (Handed.error, writeEnd.number), (Handed.control, shimControl.number),
      (Handed.lock, self.directory.lock.number),
    ]
    if assignment.definition.spec.whenIsolated == .kill { handed.append((Handed.deadline, deadline.file.number)) }
    do {
      let shim = try ChildProcess.spawn(
        settings.shimPath, arguments: arguments, environment: variables, descriptors: handed)
      return ShellAttempt(
        assignment: assignment, command: command, shim: shim, control: ownControl, output: readEnd,
        directory: directory, cgroup: cgroup)
    } catch {
      throw Failure(detail: "cannot start \(settings.shimPath): \(systemMessage(error.number))")
    }
  }

  private func options(for spec: JobSpec, _ command: ShellCommand, _ cgroup: String?) -> [String] {
    var options = ["--grace-ms", Self.milliseconds(spec.grace), "--cwd", command.directory ?? home, "--lock"]
    if let timeout = spec.timeout { options += ["--timeout-ms", Self.milliseconds(max(timeout, .milliseconds(1)))] }
    if spec.whenIsolated == .kill { options.append("--deadline") }
    if let cgroup { options += ["--cgroup", cgroup] }
    return options + ["--"]
  }

  /// The shim takes up to 31 years.
  private static func milliseconds(_ span: Span) -> String {
    String(min(max(0, span.milliseconds), 1_000_000_000_000))
  }

  private func writeLongParameters(of assignment: Assignment, to directory: AttemptDirectory) throws(Failure) -> String?
  {
    guard let text = assignment.effectiveParameters, text.utf8.count > JobEnvironment.parameterBytes else { return nil }
    guard directory.writeParameters(text) else {
      throw Failure(detail: "cannot write \(directory.parametersPath): \(systemMessage())")
    }
    return directory.parametersPath
  }

  private func socketPair() throws(Failure) -> (Descriptor, Descriptor) {
    var ends: [Int32] = [-1, -1]
    let type = Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw Failure(detail: "cannot start: \(systemMessage())") }
    return try own(ends)
  }

  private func pipe() throws(Failure) -> (Descriptor, Descriptor) {
    var ends: [Int32] = [-1, -1]
    guard sy_pipe(&ends) == 0 else { throw Failure(detail: "cannot start: \(systemMessage())") }
    return try own(ends)
  }

  private func own(_ ends: [Int32]) throws(Failure) -> (Descriptor, Descriptor) {
    let floor = ChildProcess.firstOwnDescriptor
    let first = Descriptor.owning(ends[0], atLeast: floor)
    let second = Descriptor.owning(ends[1], atLeast: floor)
    guard let first, let second else { throw Failure(detail: "cannot start: \(systemMessage())") }
    return (first, second)
  }
}
