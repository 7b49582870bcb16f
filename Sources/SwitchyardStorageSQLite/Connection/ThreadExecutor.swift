import Glibc
import SwitchyardStorage

/// A thread of its own for an actor: SQLite blocks in system calls, which must not occupy the threads that
/// all other tasks share. The thread ends when the executor is released. Tasks may prefer it, too: then they need no other
/// thread to call the actor.
final class ThreadExecutor: SerialExecutor, TaskExecutor {
  private let queue = JobQueue()

  init() throws(StoreError) {
    var thread = pthread_t()
    let context = Unmanaged.passRetained(queue)
    let code = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        let queue = Unmanaged<JobQueue>.fromOpaque(context).takeRetainedValue()
        while let (job, executor) = queue.next() {
          job.runSynchronously(
            isolatedTo: executor.asUnownedSerialExecutor(), taskExecutor: executor.asUnownedTaskExecutor())
        }
        return nil
      }, context.toOpaque())
    guard code == 0 else {
      context.release()
      throw StoreError(
        .unavailable, "no thread can be started (error \(code)); raise the limit on processes and start again")
    }
    pthread_detach(thread)
  }

  deinit { queue.end() }

  func enqueue(_ job: consuming ExecutorJob) { queue.append(UnownedJob(job), for: self) }
}

/// Jobs that wait for the thread. Each holds the executor, so that it outlives what it runs.
private final class JobQueue: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  // All below are touched under the mutex alone.
  private var arriving: [(UnownedJob, ThreadExecutor)] = []
  private var leaving: [(UnownedJob, ThreadExecutor)] = []
  private var hasEnded = false

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  func append(_ job: UnownedJob, for executor: ThreadExecutor) {
    pthread_mutex_lock(mutex)
    arriving.append((job, executor))
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
  }

  func end() {
    pthread_mutex_lock(mutex)
    hasEnded = true
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
  }

  /// Waits for a job; nil at the end.
  func next() -> (UnownedJob, ThreadExecutor)? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while leaving.isEmpty {
      if !arriving.isEmpty {
        leaving = arriving.reversed()
        arriving.removeAll(keepingCapacity: true)
      } else if hasEnded {
        return nil
      } else {
        pthread_cond_wait(condition, mutex)
      }
    }
    return leaving.popLast()
  }
}
