import Glibc
import SwitchyardStorage

/// Keeps a second server off the store: a `flock` on a file in its directory, which the kernel releases
/// when the process ends, however it ends. The file names the process.
final class StoreLock: Sendable {
  private let descriptor: Int32

  /// - Throws: `inUse`, naming the process that holds it.
  init(path: String) throws(StoreError) {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw StoreError(
        errno == EROFS || errno == EACCES ? .readOnly : .unavailable,
        "\(path) cannot be opened (\(String(cString: strerror(errno)))); check the data directory")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let reason = errno
      let holder = Self.holder(descriptor)
      close(descriptor)
      guard reason == EWOULDBLOCK else {
        throw StoreError(.unavailable, "\(path) cannot be locked (\(String(cString: strerror(reason))))")
      }
      throw StoreError(
        .inUse,
        "the store is in use by \(holder.map { "process \($0)" } ?? "another process") (\(path)); "
          + "stop that server, or give this one another data directory")
    }
    self.descriptor = descriptor
    let text = "\(getpid())\n"
    ftruncate(descriptor, 0)
    _ = text.withCString { pwrite(descriptor, $0, strlen($0), 0) }
  }

  deinit { close(descriptor) }

  private static func holder(_ descriptor: Int32) -> Int32? {
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    return count > 0 ? Int32(String(decoding: bytes[..<count].prefix { $0 != 10 }, as: UTF8.self)) : nil
  }
}
