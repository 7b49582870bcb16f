import CPluginHost
import Glibc

/// A counting semaphore of the C library: a post that nobody waits for costs no system call.
package final class Semaphore: @unchecked Sendable {
  private let semaphore: UnsafeMutablePointer<sem_t>

  package init() {
    semaphore = .allocate(capacity: 1)
    sem_init(semaphore, 0, 0)
  }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  package func post() { sem_post(semaphore) }

  /// - Parameter until: on the monotonic clock; `.max`: for ever.
  /// - Returns: false when the time came first.
  @discardableResult
  package func wait(until: Monotonic = .max) -> Bool { ph_wait(semaphore, until) != 0 }
}
