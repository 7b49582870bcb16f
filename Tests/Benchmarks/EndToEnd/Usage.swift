import Foundation

/// What a process has used so far, from `/proc`.
struct Usage {
  var cpuSeconds: Double
  var residentBytes: Int

  init?(of process: Process) {
    let pid = process.processIdentifier
    guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
      let close = stat.lastIndex(of: ")"),
      let statm = try? String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8)
    else { return nil }
    let fields = stat[stat.index(after: close)...].split(separator: " ")
    let pages = statm.split(separator: " ")
    guard fields.count > 12, pages.count > 1, let user = Double(fields[11]), let system = Double(fields[12]),
      let resident = Int(pages[1])
    else { return nil }
    cpuSeconds = (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    residentBytes = resident * sysconf(Int32(_SC_PAGESIZE))
  }
}
