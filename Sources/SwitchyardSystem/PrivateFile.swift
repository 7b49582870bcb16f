import Glibc

/// Small files that hold a secret or must survive a crash: mode 0600, written aside and renamed, fsynced
/// with their directory.
package enum PrivateFile {
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
    init(_ path: String, _ doing: String) {
      description = "\(path): cannot \(doing): \(String(cString: strerror(errno)))"
    }
  }

  package static func write(_ text: String, to path: String) throws(Failure) {
    let temporary = "\(path).\(getpid()).new"
    let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw Failure(temporary, "create") }
    defer { Glibc.close(file) }
    let bytes = Array(text.utf8)
    guard Glibc.write(file, bytes, bytes.count) == bytes.count, fsync(file) == 0 else {
      throw Failure(temporary, "write")
    }
    guard rename(temporary, path) == 0 else { throw Failure(path, "replace") }
    syncDirectory(of: path)
  }

  /// The text, at most 64 KiB of it; nil when there is no such file.
  package static func read(_ path: String) throws(Failure) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      if errno == ENOENT { return nil }
      throw Failure(path, "open")
    }
    defer { Glibc.close(file) }
    var bytes = [UInt8](repeating: 0, count: 64 << 10)
    let count = Glibc.read(file, &bytes, bytes.count)
    guard count >= 0 else { throw Failure(path, "read") }
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }

  private static func syncDirectory(of path: String) {
    let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    let directory = open(parent.isEmpty ? "/" : parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { return }
    fsync(directory)
    Glibc.close(directory)
  }
}
