import Glibc
import SwitchyardStorage

/// The directory that the store lives in.
enum DataDirectory {
  /// Makes the directory, and those above it, for this user alone.
  static func make(_ path: String) throws(StoreError) {
    var made = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      made += (made.isEmpty || made.hasSuffix("/") ? "" : "/") + part
      if mkdir(made, 0o700) != 0, errno != EEXIST {
        throw StoreError(
          errno == EROFS || errno == EACCES ? .readOnly : .unavailable,
          "the data directory \(made) cannot be made (\(String(cString: strerror(errno)))); "
            + "choose another, or change the rights of the one above it")
      }
    }
  }

  /// Makes an empty file for this user alone, unless there is one: definitions of jobs hold secrets, and
  /// SQLite gives its other files the mode of the first. It takes an empty file for a new database.
  static func makeFile(_ path: String) {
    let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    if descriptor >= 0 { Glibc.close(descriptor) }
  }

  /// Makes the names of new files as durable as the files are.
  static func sync(_ path: String) {
    let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    Glibc.close(descriptor)
  }
}
