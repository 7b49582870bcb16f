import Glibc
import Synchronization

extension PluginRegistry {
  /// Bytes of a file that is handed over; larger ones are put into a plugin directory by hand.
  package static let installLimit = 64 << 20

  /// What a file may be called; nil: as it is called.
  package static func accepted(fileName name: String) -> String? {
    let isName =
      (4...100).contains(name.utf8.count) && name.hasSuffix(".so")
      && name.utf8.first.map { !"._-".utf8.contains($0) } == true
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "._-".utf8.contains(byte)
        }
      }
    return isName
      ? nil : "at most 100 letters, digits, '.', '_' or '-', with a letter or digit first and .so at the end"
  }

  /// Puts a file into a plugin directory and loads it. It is tried in a child process before it stands there; if it is
  /// refused all is as before, also a file of that name that it was to replace.
  ///
  /// - Parameters:
  ///   - bytes: what is in the file.
  ///   - name: see ``accepted(fileName:)``.
  /// - Returns: the plugins in it.
  package func install(
    _ bytes: [UInt8], as name: String, in directory: String
  ) throws(PluginError) -> [PluginInfo] {
    if let accepted = Self.accepted(fileName: name) {
      throw PluginError(.unreadable, "\(name): a file must be called by \(accepted)")
    }
    return try installing.withLock { _ throws(PluginError) in
      mkdir(directory, 0o700)
      let folder = TrustedFile.realPath(directory) ?? directory
      let target = "\(folder)/\(name)"
      // Hidden ones are not scanned.
      let incoming = "\(folder)/.\(name).incoming", before = "\(folder)/.\(name).before"
      unlink(before)
      defer {
        unlink(incoming)
        unlink(before)
      }
      try write(bytes, to: incoming)
      try verify(incoming, name: target)
      let isReplacing = link(target, before) == 0
      guard rename(incoming, target) == 0 else { throw PluginError(.unreadable, "\(target): \(errorText(errno))") }
      do throws(PluginError) {
        return try load(target)
      } catch {
        if isReplacing, rename(before, target) == 0 {
          _ = try? load(target)
        } else {
          unlink(target)
          forgetFailure(of: target)
        }
        throw error
      }
    }
  }

  private func write(_ bytes: [UInt8], to path: String) throws(PluginError) {
    unlink(path)
    let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw PluginError(.unreadable, "\(path): \(errorText(errno))") }
    defer { close(descriptor) }
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw PluginError(.unreadable, "\(path): \(errorText(errno))") }
      written += count
    }
    guard fsync(descriptor) == 0 else { throw PluginError(.unreadable, "\(path): \(errorText(errno))") }
  }

  private func verify(_ path: String, name: String) throws(PluginError) {
    let descriptor = try TrustedFile.open(path)
    defer { close(descriptor) }
    do throws(PluginError) {
      try checkHeader(descriptor, name)
      try options.probe?.check(path, name: name)
    } catch {
      // To the caller the file has the name that it is to have.
      throw PluginError(error.code, error.message.replacing(path, with: name))
    }
  }
}
