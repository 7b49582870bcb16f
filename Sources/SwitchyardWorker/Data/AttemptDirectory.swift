import Foundation
import Glibc

/// The small directory that an attempt has while it runs: its result, and parameters that are too long for the
/// environment.
struct AttemptDirectory {
  let path: String

  var resultPath: String { path + "/result" }
  var parametersPath: String { path + "/parameters.json" }

  enum Result: Equatable {
    case none
    case text(String)
    /// Longer than is kept; left out.
    case tooLong(Int64)
    case unreadable
  }

  init?(making path: String) {
    if mkdir(path, 0o700) != 0 {
      Self.remove(path)
      guard mkdir(path, 0o700) == 0 else { return nil }
    }
    self.path = path
  }

  func writeParameters(_ text: String) -> Bool {
    let file = open(parametersPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { return false }
    defer { close(file) }
    let bytes = Array(text.utf8)
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
      guard count > 0 else { return false }
      written += count
    }
    return true
  }

  /// What the job left as its result. Anything but a plain file is refused: a pipe could block the reader for ever.
  func readResult(limit: Int) -> Result {
    let file = open(resultPath, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard file >= 0 else { return errno == ENOENT ? .none : .unreadable }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return .unreadable }
    guard status.st_size <= limit else { return .tooLong(Int64(status.st_size)) }
    var bytes = [UInt8](repeating: 0, count: limit)
    let count = read(file, &bytes, limit)
    guard count >= 0 else { return .unreadable }
    let text = String(decoding: bytes.prefix(count), as: UTF8.self)
    // Bytes that are no UTF-8 grow when they are repaired.
    return text.utf8.count <= limit ? .text(text) : .tooLong(Int64(text.utf8.count))
  }

  func remove() {
    unlink(resultPath)
    unlink(parametersPath)
    guard rmdir(path) != 0, errno == ENOTEMPTY || errno == EEXIST else { return }
    // A job made files of its own here, maybe many.
    let path = path
    Task.detached(priority: .background) { Self.remove(path) }
  }

  /// Removes a tree; links are removed and not followed. What cannot be removed stays.
  static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }
}
