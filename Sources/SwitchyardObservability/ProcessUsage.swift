import Glibc

/// What this process takes of its machine, from `/proc`.
package struct ProcessUsage: Sendable {
  package var cpuSeconds: Double
  package var residentBytes: Int
  package var virtualBytes: Int
  package var openFiles: Int
  package var maximumFiles: Int
  /// Seconds since 1970.
  package var startedAt: Double

  /// Nil where there is no `/proc` to be read.
  package init?() {
    // The name, in brackets, may hold anything: the fields begin behind it. See proc_pid_stat(5).
    guard let stat = Self.contents("/proc/self/stat"), let end = stat.lastIndex(of: ")"),
      let boot = Self.contents("/proc/stat")?.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }),
      let bootTime = Double(boot.dropFirst(6))
    else { return nil }
    let fields = stat[stat.index(after: end)...].split(separator: " ").map { Double($0) ?? 0 }
    guard fields.count > 21 else { return nil }
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    cpuSeconds = (fields[11] + fields[12]) / ticks
    startedAt = bootTime + fields[19] / ticks
    virtualBytes = Int(fields[20])
    residentBytes = Int(fields[21]) * sysconf(Int32(_SC_PAGESIZE))
    openFiles = Self.entries("/proc/self/fd")
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    maximumFiles = Int(clamping: limit.rlim_cur)
  }

  package func write(into text: inout PrometheusText) {
    text.counter("process_cpu_seconds_total", "User and system CPU time of the process.", [.init(cpuSeconds)])
    text.gauge("process_resident_memory_bytes", "Memory of the process that is in RAM.", [.init(residentBytes)])
    text.gauge("process_virtual_memory_bytes", "Address space of the process.", [.init(virtualBytes)])
    text.gauge("process_open_fds", "File descriptors that are open.", [.init(openFiles)])
    text.gauge("process_max_fds", "File descriptors that may be open.", [.init(maximumFiles)])
    text.gauge("process_start_time_seconds", "Start of the process since 1970.", [.init(startedAt)])
  }

  /// 0 where there is no such file.
  package static func fileSize(_ path: String) -> Int {
    var info = stat()
    return stat(path, &info) == 0 ? Int(info.st_size) : 0
  }

  /// What the file system of a directory still takes from who is not root; nil where nobody can tell.
  package static func freeBytes(_ directory: String) -> Int? {
    var info = statvfs()
    guard statvfs(directory, &info) == 0 else { return nil }
    return Int(clamping: info.f_bavail) * Int(clamping: info.f_frsize)
  }

  private static func contents(_ path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(file, &chunk, chunk.count)
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes += chunk.prefix(count)
    }
  }

  private static func entries(_ path: String) -> Int {
    guard let directory = opendir(path) else { return 0 }
    defer { closedir(directory) }
    var count = 0
    while readdir(directory) != nil { count += 1 }
    // Itself, its parent, and the one that is open for this.
    return max(0, count - 3)
  }
}
