import Glibc

/// Looks at the free space of the store's disk, and tells when it becomes low and when it is enough again.
struct SpaceWatch {
  let path: String
  /// In bytes; enough again is a quarter more.
  let low: UInt64
  let notice: @Sendable (SQLiteNotice) -> Void
  private var isLow = false

  init(path: String, low: UInt64, notice: @escaping @Sendable (SQLiteNotice) -> Void) {
    self.path = path
    self.low = low
    self.notice = notice
  }

  mutating func look() {
    guard let free = Self.free(path) else { return }
    if !isLow, free < low {
      isLow = true
      notice(.lowSpace(free: free, path: path))
    } else if isLow, free > low + low / 4 {
      isLow = false
      notice(.enoughSpace(free: free, path: path))
    }
  }

  /// Bytes that this user may still write there.
  static func free(_ path: String) -> UInt64? {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    return UInt64(status.f_bavail) * UInt64(status.f_frsize)
  }
}
