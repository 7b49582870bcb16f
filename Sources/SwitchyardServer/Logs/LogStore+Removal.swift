import Glibc
import SwitchyardModel
import SwitchyardStorage
import SwitchyardSystem
import Synchronization

/// What is removed of logs; on the thread that writes them.
extension LogStore {
  func unlink(_ instances: [EndedInstance], _ files: inout OpenFiles) {
    for instance in instances where instance.attempts > 0 {
      for attempt in 1...instance.attempts {
        unlink(AttemptRef(instance: instance.id, attempt: attempt), &files)
      }
    }
  }

  /// Looks at all files only where there may be too much, and then makes room for a while.
  func unlinkOldest(_ files: inout OpenFiles, until limit: Int) {
    if !files.areCounted || bytes.load(ordering: .relaxed) > limit {
      var found = allFiles()
      var sum = found.reduce(0) { $0 + $1.bytes }
      files.areCounted = true
      bytes.store(sum, ordering: .relaxed)
      guard sum > limit else { return }
      // Identities grow with time.
      found.sort { ($0.ref.instance, $0.ref.attempt) < ($1.ref.instance, $1.ref.attempt) }
      for file in found {
        guard sum > limit / 10 * 9 else { break }
        unlink(file.ref, &files)
        sum -= file.bytes
      }
    }
  }

  private func unlink(_ ref: AttemptRef, _ files: inout OpenFiles) {
    let path = path(ref)
    guard let size = fileSize(path), Glibc.unlink(path) == 0 else { return }
    files.forget(ref)
    bytes.subtract(size, ordering: .relaxed)
  }

  private func allFiles() -> [(ref: AttemptRef, bytes: Int)] {
    var found: [(ref: AttemptRef, bytes: Int)] = []
    for folder in names(in: directory) {
      for name in names(in: "\(directory)/\(folder)") {
        guard let ref = AttemptRef(logFile: name), let size = fileSize("\(directory)/\(folder)/\(name)")
        else { continue }
        found.append((ref, size))
      }
    }
    return found
  }

  private func names(in path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names
  }
}

extension AttemptRef {
  /// The attempt that a file of logs is named for: `0000000000ABC-1.log`.
  fileprivate init?(logFile name: String) {
    let parts = name.split(separator: "-")
    guard name.hasSuffix(".log"), parts.count == 2, let instance = InstanceID(parts[0]),
      let attempt = UInt32(parts[1].dropLast(4))
    else { return nil }
    self.init(instance: instance, attempt: attempt)
  }
}
