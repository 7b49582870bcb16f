import Glibc
package import SwitchyardModel
import SwitchyardSystem

/// What a worker keeps between its starts.
///
/// ```
/// lineage       a random number, made once
/// incarnation   the number of the last start
/// owner.lock    held by the worker alone: nobody else uses the directory
/// worker.lock   held by the worker and by all shims: something of a start still runs
/// run/          one directory for each attempt that runs
/// ```
package final class DataDirectory: Sendable {
  package let path: String
  package let lineage: UInt64
  private let owner: Descriptor
  /// Inherited by every shim.
  let lock: Descriptor

  package var runPath: String { path + "/run" }

  /// Opens or makes the directory, which is refused while another worker uses it.
  package init(path: String) throws(WorkerError) {
    guard Self.make(path) else {
      throw WorkerError(.dataDirectory, "\(path): cannot make the data directory: \(systemMessage())")
    }
    self.path = path
    owner = try Self.open(path + "/owner.lock")
    guard flock(owner.number, LOCK_EX | LOCK_NB) == 0 else {
      throw WorkerError(
        .directoryInUse, "\(path) is used by another worker: give each worker a data directory of its own")
    }
    lock = try Self.open(path + "/worker.lock")
    lineage = try Self.lineage(in: path)
  }

  /// Whether nothing of an earlier start runs any more. Once true, it stays so: the lock is held from then on, and by
  /// every shim of this start.
  package func takeLock() -> Bool { flock(lock.number, LOCK_EX | LOCK_NB) == 0 }

  /// The number of a new incarnation, higher than all before; on disk before it is returned. Wall-clock milliseconds
  /// where possible, so that a lost file does not lead back to old numbers.
  package func nextIncarnation(at wall: Timestamp) throws(WorkerError) -> UInt64 {
    let file = path + "/incarnation"
    let last = try Self.number(in: file) ?? 0
    guard last < .max else { throw WorkerError(.dataDirectory, "\(file) holds the last number there is") }
    let next = max(last + 1, UInt64(clamping: wall.milliseconds))
    try Self.write(next, to: file)
    return next
  }

  /// Removes what attempts of earlier starts left. To be called when nothing runs.
  func clearRun() throws(WorkerError) {
    AttemptDirectory.remove(runPath)
    guard Self.make(runPath) else {
      throw WorkerError(.dataDirectory, "\(runPath): cannot make the directory: \(systemMessage())")
    }
  }

  private static func lineage(in path: String) throws(WorkerError) -> UInt64 {
    if let lineage = try number(in: path + "/lineage") { return lineage }
    let lineage = UInt64.random(in: 1...UInt64(Int64.max))
    try write(lineage, to: path + "/lineage")
    return lineage
  }

  private static func number(in file: String) throws(WorkerError) -> UInt64? {
    do {
      guard let text = try PrivateFile.read(file) else { return nil }
      guard let number = UInt64(text.prefix { $0 != "\n" }) else {
        throw WorkerError(
          .dataDirectory, "\(file) must hold a number, found \(quoted(text)): restore it, or use a new data directory")
      }
      return number
    } catch let error as PrivateFile.Failure {
      throw WorkerError(.dataDirectory, error.description)
    } catch let error as WorkerError {
      throw error
    } catch {
      throw WorkerError(.dataDirectory, "\(file): \(error)")
    }
  }

  private static func write(_ number: UInt64, to file: String) throws(WorkerError) {
    do {
      try PrivateFile.write("\(number)\n", to: file)
    } catch {
      throw WorkerError(.dataDirectory, error.description)
    }
  }

  private static func open(_ file: String) throws(WorkerError) -> Descriptor {
    let number = Glibc.open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard number >= 0, let descriptor = Descriptor.owning(number, atLeast: ChildProcess.firstOwnDescriptor) else {
      throw WorkerError(.dataDirectory, "\(file): cannot open: \(systemMessage())")
    }
    return descriptor
  }

  /// Makes a directory and those above it.
  private static func make(_ path: String) -> Bool {
    if mkdir(path, 0o700) == 0 || errno == EEXIST { return true }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return false }
    return make(String(path[..<slash])) && (mkdir(path, 0o700) == 0 || errno == EEXIST)
  }
}
