import Glibc

/// The limit on open files.
enum OpenFiles {
  /// Raises the limit towards what so many shell attempts need, two each: as far as it may be raised, and not without
  /// need, because jobs inherit it.
  static func makeRoom(forAttempts attempts: UInt32) {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    let wanted = min(rlim_t(attempts) * 2 + 512, limit.rlim_max)
    guard wanted > limit.rlim_cur else { return }
    limit.rlim_cur = wanted
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
