package import NIOCore

/// Runs tasks on the thread of an event loop, so that what a connection reads is handled where it was read, and what is
/// answered is written from there: no thread is woken between the two.
///
/// For tasks that only pass things on; one that computes for long holds up every connection of the loop.
package final class EventLoopTasks: TaskExecutor {
  private let loop: any EventLoop

  package init(_ loop: any EventLoop) { self.loop = loop }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    loop.execute { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
  }
}
