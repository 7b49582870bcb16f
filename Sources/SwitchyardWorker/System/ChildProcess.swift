import Glibc

/// Starts a program with exactly the descriptors and the environment that it is given.
enum ChildProcess {
  struct Failure: Error {
    var number: Int32
  }

  /// Lower numbers than this are given to children; see ``Descriptor/owning(_:atLeast:)``.
  static let firstOwnDescriptor: Int32 = 16

  /// - Parameters:
  ///   - path: of the program; not looked up.
  ///   - arguments: with the program's name first.
  ///   - environment: `NAME=value` each.
  ///   - descriptors: what the child gets, by the child's number. Standard input is `/dev/null`.
  /// - Returns: the child's process number.
  static func spawn(
    _ path: String, arguments: [String], environment: [String], descriptors: [(child: Int32, own: Int32)]
  ) throws(Failure) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    try check(posix_spawn_file_actions_init(&actions))
    defer { posix_spawn_file_actions_destroy(&actions) }
    try check(posix_spawnattr_init(&attributes))
    defer { posix_spawnattr_destroy(&attributes) }

    try check(posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0))
    for descriptor in descriptors {
      try check(posix_spawn_file_actions_adddup2(&actions, descriptor.own, descriptor.child))
    }
    var signals = sigset_t()
    sigemptyset(&signals)
    try check(posix_spawnattr_setsigmask(&attributes, &signals))
    sigfillset(&signals)
    try check(posix_spawnattr_setsigdefault(&attributes, &signals))
    try check(posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)))

    let argumentPointers = pointers(arguments)
    defer { free(argumentPointers) }
    let environmentPointers = pointers(environment)
    defer { free(environmentPointers) }
    var child = pid_t()
    try check(posix_spawn(&child, path, &actions, &attributes, argumentPointers, environmentPointers))
    return child
  }

  private static func check(_ result: Int32) throws(Failure) {
    guard result == 0 else { throw Failure(number: result) }
  }

  private static func pointers(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
    texts.map { strdup($0) } + [nil]
  }

  private static func free(_ pointers: [UnsafeMutablePointer<CChar>?]) {
    for pointer in pointers { Glibc.free(pointer) }
  }
}
