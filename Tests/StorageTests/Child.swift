import Glibc
import Testing

/// A program in a process of its own, with a pipe from its standard output.
struct Child {
  private var identifier: pid_t = 0
  private let output: Int32

  /// - Parameter program: built beside the tests, or the path of any other.
  init(_ program: String, _ arguments: [String]) throws {
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    output = ends[0]
    defer { close(ends[1]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    let path = program.hasPrefix("/") ? program : try Self.directory() + program
    var argv = ([path] + arguments).map { strdup($0) }
    argv.append(nil)
    defer { for argument in argv { free(argument) } }
    try #require(posix_spawn(&identifier, path, &actions, nil, argv, environ) == 0, "\(path) cannot be started")
  }

  /// Waits for output, until the child has ended; then takes what is left. Empty at the end.
  func read() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 4_096)
    let count = Glibc.read(output, &bytes, bytes.count)
    return Array(bytes.prefix(max(0, count)))
  }

  /// Kills it and waits for its end.
  func kill() {
    Glibc.kill(identifier, SIGKILL)
    var status: Int32 = 0
    waitpid(identifier, &status, 0)
    // Another child of these tests may hold the pipe open.
    _ = fcntl(output, F_SETFL, O_NONBLOCK)
  }

  /// Waits for its end.
  ///
  /// - Returns: its exit code; that of a signal is 128 and its number.
  func wait() -> Int32 {
    var status: Int32 = 0
    waitpid(identifier, &status, 0)
    return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
  }

  func closeOutput() { close(output) }

  /// Where the running test program is.
  static func directory() throws -> String {
    let real = try #require(realpath("/proc/self/exe", nil))
    defer { free(real) }
    let path = String(cString: real)
    return String(path[...(try #require(path.lastIndex(of: "/")))])
  }
}
