import CPluginHost
import Glibc

/// Where this process keeps its own copies of plugins: the operator may overwrite or replace the original at any time,
/// which would change running code, or have the loader answer with the old one.
package final class PrivateDirectory: Sendable {
  package let path: String

  /// - Parameter parent: an existing directory; the copies must be allowed to be mapped as code there (not `noexec`).
  package init(in parent: String) throws(PluginError) {
    Self.removeStale(in: parent)
    var template = Array("\(parent)/switchyard-plugins-\(getpid())-XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { buffer -> String? in
      guard let base = buffer.baseAddress, let name = mkdtemp(base) else { return nil }
      return String(cString: name)
    }
    guard let made else { throw PluginError(.unreadable, "\(parent): no private directory: \(errorText(errno))") }
    path = made
  }

  deinit { Self.remove(path) }

  /// At the end of a process: what is loaded needs its copy's name no longer.
  func remove() { Self.remove(path) }

  /// Removes what a process that was killed left behind.
  private static func removeStale(in parent: String) {
    let prefix = "switchyard-plugins-"
    for name in directoryEntries(parent, limit: 10_000) where name.hasPrefix(prefix) {
      guard let number = name.dropFirst(prefix.count).split(separator: "-").first, let process = pid_t(number),
        process > 0, kill(process, 0) != 0, errno == ESRCH
      else { continue }
      remove("\(parent)/\(name)")
    }
  }

  private static func remove(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_uid == geteuid(), status.st_mode & S_IFMT == S_IFDIR else { return }
    for name in directoryEntries(path, limit: 10_000) { unlink("\(path)/\(name)") }
    rmdir(path)
  }

  /// Copies what the descriptor holds to a new path that was never used before, and reads the copy again.
  ///
  /// - Returns: the path, and the SHA-256 of the contents in hexadecimal digits.
  func copy(of descriptor: Int32, name: String, number: UInt64) throws(PluginError) -> (path: String, hash: String) {
    let target = "\(path)/\(number)-\(name)"
    let output = open(target, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o500)
    guard output >= 0 else { throw PluginError(.unreadable, "\(target): \(errorText(errno))") }
    defer { close(output) }
    do throws(PluginError) {
      let written = try digest(of: descriptor, path: name, into: output)
      guard try digest(of: output, path: target, into: nil) == written else {
        throw PluginError(.unreadable, "\(target): the copy differs from what was written; is the disk sound?")
      }
      return (target, written)
    } catch {
      unlink(target)
      throw error
    }
  }

  private func digest(of input: Int32, path: String, into output: Int32?) throws(PluginError) -> String {
    var hash = ph_sha256()
    ph_sha256_begin(&hash)
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    var offset = 0
    while true {
      let count = pread(input, &buffer, buffer.count, offset)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw PluginError(.unreadable, "\(path): \(errorText(errno))") }
      if count == 0 { break }
      ph_sha256_add(&hash, buffer, count)
      if let output {
        guard pwrite(output, buffer, count, offset) == count else {
          throw PluginError(.unreadable, "no private copy of \(path): \(errorText(errno))")
        }
      }
      offset += count
      guard offset <= TrustedFile.sizeLimit else { throw PluginError(.unreadable, "\(path): grows while it is read") }
    }
    var digest = [UInt8](repeating: 0, count: 32)
    ph_sha256_end(&hash, &digest)
    return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}

/// Names in a directory, sorted; empty when it cannot be read.
func directoryEntries(_ path: String, limit: Int) -> [String] {
  guard let directory = opendir(path) else { return [] }
  defer { closedir(directory) }
  var names: [String] = []
  while let entry = readdir(directory), names.count < limit {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != ".", name != ".." { names.append(name) }
  }
  return names.sorted()
}
