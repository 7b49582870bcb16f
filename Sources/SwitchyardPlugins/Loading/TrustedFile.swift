import Glibc

/// Opens a file that only root and the user of this process can change: whoever can write a plugin runs code as the
/// server.
enum TrustedFile {
  static let sizeLimit = 256 << 20

  /// - Returns: a descriptor, open for reading, of a regular file in a directory nobody else may write to.
  static func open(_ path: String) throws(PluginError) -> Int32 {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw PluginError(.unreadable, "\(path): \(errorText(errno))") }
    do throws(PluginError) {
      try check(descriptor, path)
      return descriptor
    } catch {
      close(descriptor)
      throw error
    }
  }

  private static func check(_ descriptor: Int32, _ path: String) throws(PluginError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw PluginError(.unreadable, "\(path): \(errorText(errno))") }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw PluginError(.unreadable, "\(path): is not a regular file")
    }
    guard status.st_size <= sizeLimit else {
      throw PluginError(.unreadable, "\(path): is larger than \(sizeLimit >> 20) MiB")
    }
    if let problem = problem(of: status) {
      throw PluginError(.untrusted, "\(path): \(problem); set with: chmod go-w and chown")
    }
    let directory = parent(of: realPath(path) ?? path)
    var parent = stat()
    guard stat(directory, &parent) == 0 else {
      throw PluginError(.unreadable, "\(directory): \(errorText(errno))")
    }
    if let problem = problem(of: parent) {
      throw PluginError(.untrusted, "\(path): its directory \(directory) \(problem); set with: chmod go-w and chown")
    }
  }

  /// The rules: owned by root or this user; not writable by others. A group may write only where it is the owner's
  /// private group (Debian's USERGROUPS: the number of the group is that of the user), and others only in a directory
  /// whose sticky bit keeps them from replacing files that are not theirs.
  private static func problem(of status: stat) -> String? {
    guard status.st_uid == 0 || status.st_uid == geteuid() else {
      return "belongs to user \(status.st_uid), neither root nor the user of this server"
    }
    let isSticky = status.st_mode & S_IFMT == S_IFDIR && status.st_mode & S_ISVTX != 0
    if status.st_mode & S_IWOTH != 0, !isSticky { return "can be written by every user" }
    if status.st_mode & S_IWGRP != 0, status.st_gid != status.st_uid, !isSticky {
      return "can be written by group \(status.st_gid)"
    }
    return nil
  }

  static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The absolute path without symbolic links; nil when there is no such file.
  static func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}

/// The system's text of an error number.
func errorText(_ number: Int32) -> String { String(cString: strerror(number)) }
