import Glibc

/// Finds processes of an attempt whose shim was killed, by the environment that they were given.
///
/// The kernel kills the job's main process with its shim, but not what that one had started. A process that cleared its
/// environment is not found: only a cgroup holds that.
enum Stragglers {
  /// Kills those that are there, and returns how many there were.
  static func kill(of attempt: AttemptDirectory, cgroup: String?) -> Int {
    if let cgroup { killAll(in: cgroup) }
    // Of all variables this one names the attempt and the worker.
    let mark = Array("SWITCHYARD_RESULT=\(attempt.resultPath)".utf8)
    guard let directory = opendir("/proc") else { return 0 }
    defer { closedir(directory) }
    var found = 0
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      guard let process = pid_t(name), process > 1, process != getpid() else { continue }
      guard environment(of: process, &buffer).split(separator: 0).contains(where: { $0.elementsEqual(mark) }) else {
        continue
      }
      found += 1
      Glibc.kill(process, SIGKILL)
    }
    return found
  }

  private static func killAll(in cgroup: String) {
    let file = open(cgroup + "/cgroup.kill", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    _ = write(file, "1", 1)
    close(file)
  }

  /// Empty for a zombie, and for a process of somebody else.
  private static func environment(of process: pid_t, _ buffer: inout [UInt8]) -> ArraySlice<UInt8> {
    let file = open("/proc/\(process)/environ", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return [] }
    defer { close(file) }
    let count = read(file, &buffer, buffer.count)
    return buffer.prefix(max(0, count))
  }
}
