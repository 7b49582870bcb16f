import CLinux
import Glibc
package import SwitchyardModel
import Synchronization

/// The one number that all shims of a worker look at: the boot time at which they kill what they hold.
///
/// It lives in shared memory, so that moving it costs one store, however many attempts run, and so that it counts
/// while the worker is stopped.
package final class DeadlinePage: Sendable {
  let file: Descriptor
  private nonisolated(unsafe) let cell: UnsafeMutablePointer<Atomic<UInt64>>

  /// A time long past: 0 would mean "no deadline" to a shim.
  private static let past: UInt64 = 1

  package init() throws(WorkerError) {
    let number = sy_memfd("switchyard-deadline", Int64(MemoryLayout<UInt64>.size))
    guard number >= 0, let file = Descriptor.owning(number, atLeast: ChildProcess.firstOwnDescriptor) else {
      throw WorkerError(.system, "cannot make shared memory for the deadline: \(systemMessage())")
    }
    let page = mmap(nil, MemoryLayout<UInt64>.size, PROT_READ | PROT_WRITE, MAP_SHARED, file.number, 0)
    guard let page, page != MAP_FAILED else {
      throw WorkerError(.system, "cannot map shared memory for the deadline: \(systemMessage())")
    }
    self.file = file
    cell = page.bindMemory(to: Atomic<UInt64>.self, capacity: 1)
    set(nil)
  }

  deinit { munmap(UnsafeMutableRawPointer(cell), MemoryLayout<UInt64>.size) }

  /// - Parameter deadline: nil: nothing may run.
  package func set(_ deadline: BootTime?) {
    let value = deadline.map { UInt64(clamping: $0.nanoseconds) } ?? Self.past
    cell.pointee.store(max(value, Self.past), ordering: .releasing)
  }
}
