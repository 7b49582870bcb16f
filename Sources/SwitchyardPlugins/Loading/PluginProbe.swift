import CPluginHost
import Glibc
package import SwitchyardModel

/// Opens a file in a child process first: constructors run at `dlopen`, and what they do to the child they would have
/// done to the server.
package struct PluginProbe: Sendable {
  /// The program `switchyard-plugin-host`.
  package var program: String
  package var timeout: Span

  package init(program: String, timeout: Span = .seconds(10)) {
    self.program = program
    self.timeout = timeout
  }

  /// The program that `SWITCHYARD_PLUGIN_HOST` names, or that stands beside the running one; nil: none.
  package static func beside() -> PluginProbe? {
    if let named = getenv("SWITCHYARD_PLUGIN_HOST") { return PluginProbe(program: String(cString: named)) }
    guard let executable = TrustedFile.realPath("/proc/self/exe") else { return nil }
    let program = TrustedFile.parent(of: executable) + "/switchyard-plugin-host"
    return access(program, X_OK) == 0 ? PluginProbe(program: program) : nil
  }

  /// - Parameter name: how the file is called in errors.
  func check(_ path: String, name: String) throws(PluginError) {
    let (output, end) = try run(path, name: name)
    // The child's answer is its last line: constructors may have printed before.
    if let line = output.split(separator: UInt8(ascii: "\n")).last, case let answer = Array(line),
      let report = try? JSONValue(parsing: answer), let isSound = report["ok"]?.boolValue
    {
      if isSound { return }
      let code = report["code"]?.stringValue.flatMap(PluginError.Code.init) ?? .probeFailed
      throw PluginError(code, report["error"]?.stringValue ?? "\(name): refused in a child process")
    }
    throw PluginError(
      .probeFailed,
      "\(name): \(end) while it was opened in a child process, before its entry answered; "
        + "its constructors must neither fail, wait nor exit")
  }

  /// - Returns: what the child wrote, and how it ended.
  private func run(_ path: String, name: String) throws(PluginError) -> (output: [UInt8], end: String) {
    let (child, pipe) = spawn(path)
    guard child > 0 else {
      throw PluginError(
        .probeFailed, "\(name): cannot be tried: \(program): \(errorText(-child)); is it installed beside the server?")
    }
    defer { close(pipe) }
    let deadline = HostClock.now + timeout.nanoseconds
    let output = read(pipe, until: deadline)
    var status: Int32 = 0
    var isDone = waitpid(child, &status, WNOHANG) == child
    while !isDone, output != nil, HostClock.now < deadline {
      // The pipe is closed: the child is on its way out.
      usleep(1_000)
      isDone = waitpid(child, &status, WNOHANG) == child
    }
    // Whatever the file started there goes with it.
    kill(-child, SIGKILL)
    if isDone { return (output ?? [], Self.describe(status)) }
    kill(child, SIGKILL)
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    return ([], "nothing happened for \(timeout.milliseconds) ms")
  }

  /// Reads until the end, bounded in size and time; nil: the time came first.
  private func read(_ descriptor: Int32, until deadline: Monotonic) -> [UInt8]? {
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while true {
      let left = (deadline - HostClock.now) / 1_000_000
      guard left > 0 else { return nil }
      var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&item, 1, Int32(clamping: left)) > 0 else { continue }
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return output }
      output += buffer[..<count]
      // The answer is the last line.
      if output.count > 4 << 20 { output.removeFirst(output.count - (2 << 20)) }
    }
  }

  /// - Returns: the process, or an errno, negative; and where its output comes from.
  private func spawn(_ path: String) -> (process: pid_t, output: Int32) {
    let arguments: [UnsafeMutablePointer<CChar>?] = [strdup(program), strdup("probe"), strdup(path), nil]
    let environment: [UnsafeMutablePointer<CChar>?] = Self.environment().map { strdup($0) } + [nil]
    defer {
      for text in arguments + environment { free(text) }
    }
    var output: Int32 = -1
    return (ph_spawn(arguments, environment, &output), output)
  }

  /// What a constructor may see: no setting of the server, and so no token.
  private static func environment() -> [String] {
    let names: [String] = ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "LD_LIBRARY_PATH"]
    return names.compactMap { (name: String) -> String? in
      guard let value = getenv(name) else { return nil }
      return "\(name)=\(String(cString: value))"
    }
  }

  private static func describe(_ status: Int32) -> String {
    let signal = status & 0x7F
    guard signal == 0 else { return "killed by signal \(signal) (\(String(cString: strsignal(signal))))" }
    return "the process exited with code \((status >> 8) & 0xFF)"
  }
}

/// The child's side: what `switchyard-plugin-host probe FILE` does.
package enum ProbeChild {
  /// Opens the file and describes it, as one line of JSON. Standard output is the caller's alone: whatever the file
  /// prints goes to standard error.
  ///
  /// - Returns: the exit code: 0, or 1 when the file is refused.
  package static func run(_ path: String) -> Int32 {
    let output = dup(1)
    dup2(2, 1)
    var noCore = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &noCore)
    ph_thread_begin(-1)
    let (report, code) = inspect(path)
    var line = report.bytes
    line.append(UInt8(ascii: "\n"))
    var offset = 0
    while offset < line.count {
      let count = line[offset...].withUnsafeBytes { write(output, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return 1 }
      offset += count
    }
    return code
  }

  private static func inspect(_ path: String) -> (JSONValue, Int32) {
    let log = PluginLog { line in
      var text = Array("\(line.level) \(line.plugin): \(line.text)\n".utf8)
      _ = write(2, &text, text.count)
    }
    let threads = ph_thread_count()
    do throws(PluginError) {
      let descriptor = try TrustedFile.open(path)
      defer { close(descriptor) }
      try checkHeader(descriptor, path)
      let name = path.split(separator: "/").last.map(String.init) ?? path
      let image = try PluginImage.open(path, name: name, log: log)
      return (
        [
          "ok": true, "file": .string(path), "plugins": .array(image.plugins.map(describe)),
          "disturbed": image.disturbed.map { .string($0) } ?? .null,
          "threads": .integer(Int64(ph_thread_count()) - Int64(threads)),
        ], 0
      )
    } catch {
      return (
        ["ok": false, "file": .string(path), "code": .string(error.code.rawValue), "error": .string(error.message)], 1
      )
    }
  }

  private static func describe(_ plugin: PluginDescription) -> JSONValue {
    [
      "id": .string(plugin.id), "name": .string(plugin.name), "version": .string(plugin.version),
      "vendor": .string(plugin.vendor), "license": .string(plugin.license),
      "abi": .string("1.\(plugin.abiMinor)"),
      "kinds": .array(plugin.tables.kinds.map { .string($0.rawValue) }),
      "configSchema": plugin.configSchema.map { .string($0) } ?? .null,
    ]
  }
}

/// Reads and checks the ELF header.
func checkHeader(_ descriptor: Int32, _ name: String) throws(PluginError) {
  var header = [UInt8](repeating: 0, count: ELFHeader.size)
  let count = pread(descriptor, &header, header.count, 0)
  guard count >= 0 else { throw PluginError(.unreadable, "\(name): \(errorText(errno))") }
  var status = stat()
  guard fstat(descriptor, &status) == 0 else { throw PluginError(.unreadable, "\(name): \(errorText(errno))") }
  if let problem = ELFHeader.problem(of: Array(header.prefix(count)), fileSize: Int(status.st_size)) {
    throw PluginError(.notLoadable, "\(name): is \(problem)")
  }
}
