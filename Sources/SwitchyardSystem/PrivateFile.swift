import Glibc

/// Small files that hold a secret or must survive a crash: mode 0600, written aside and renamed, fsynced
/// with their directory.
package enum PrivateFile {
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
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

  /// Like ``read(_:)``, of a file that nobody else may have seen or written.
  ///
  /// - Throws: also when it belongs to another user, or others may read or write it.
  package static func readSecret(_ path: String) throws(Failure) -> String? {
    var status = stat()
    guard stat(path, &status) == 0 else {
      if errno == ENOENT { return nil }
      throw Failure(path, "look at it")
    }
    guard status.st_uid == geteuid() else {
      throw Failure(
        "\(path): belongs to user \(status.st_uid), and this process is user \(geteuid()): who can write it can be "
          + "whoever it lets in; give it to this user with chown, or delete it")
    }
    guard status.st_mode & 0o077 == 0 else {
      throw Failure(
        "\(path): others may read or write it (mode \(String(status.st_mode & 0o777, radix: 8))); if nobody has, "
          + "`chmod 600 \(path)`, else delete it, and start again: a new one is made")
    }
    return try read(path)
  }

  private static func syncDirectory(of path: String) {
    let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    let directory = open(parent.isEmpty ? "/" : parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { return }
    fsync(directory)
    Glibc.close(directory)
  }
}
