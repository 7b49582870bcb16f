import CLinux
import Glibc
package import SwitchyardModel
import Synchronization

/// A thread of its own that takes events from a queue, in batches, and keeps one alarm.
///
/// Not Swift's cooperative pool: what runs here must neither wait for it nor starve it. Posting costs a lock
/// and an append; the thread is woken only when it sleeps.
package final class EventLoop<Event: Sendable>: Sendable {
  fileprivate struct Inbox {
    var events: [Event] = []
    var isSleeping = false
    var isClosed = false
  }

  private let inbox = Mutex(Inbox())
  private let wakeup: Int32
  private let alarm: Int32
  private let name: String

  /// - Parameter name: of the thread, as `top -H` shows it; 15 bytes count.
  package init(name: String) {
    self.name = name
    wakeup = sy_eventfd()
    alarm = sy_alarm()
  }

  deinit {
    Glibc.close(wakeup)
    Glibc.close(alarm)
  }

  package func post(_ event: Event) {
    wake(
      inbox.withLock { inbox in
        guard !inbox.isClosed else { return false }
        inbox.events.append(event)
        return inbox.takeSleep()
      })
  }

  package func post(contentsOf events: some Sequence<Event> & Sendable) {
    wake(
      inbox.withLock { inbox in
        guard !inbox.isClosed else { return false }
        inbox.events.append(contentsOf: events)
        return inbox.takeSleep()
      })
  }

  /// Events that wait; for bounds and metrics.
  package var backlog: Int { inbox.withLock { $0.events.count } }

  /// Ends the thread after the batch it is at. What is posted afterwards is dropped.
  package func close() {
    wake(
      inbox.withLock { inbox in
        inbox.isClosed = true
        return inbox.takeSleep()
      })
  }

  /// Starts the thread.
  ///
  /// - Parameter body: handles a batch, which is empty when only the alarm woke it, and returns the time of
  ///   the next alarm; nil for none.
  package func start(_ body: @escaping @Sendable ([Event]) -> BootTime?) {
    startThread(name: name) { [self] in
      var batch: [Event] = []
      var armed: BootTime?
      while true {
        batch.removeAll(keepingCapacity: true)
        let isClosed = inbox.withLock { inbox in
          swap(&inbox.events, &batch)
          return inbox.isClosed
        }
        if isClosed { return }
        let next = body(batch)
        if next != armed {
          sy_alarm_at(alarm, next.map { max($0.nanoseconds, 1) } ?? 0)
          armed = next
        }
        let sleeps = inbox.withLock { inbox in
          inbox.isSleeping = inbox.events.isEmpty && !inbox.isClosed
          return inbox.isSleeping
        }
        if sleeps, rest() { armed = nil }
      }
    }
  }

  private func wake(_ needed: Bool) {
    guard needed else { return }
    var one: UInt64 = 1
    _ = write(wakeup, &one, 8)
  }

  /// Sleeps until there is something to do.
  ///
  /// - Returns: whether the alarm went off.
  private func rest() -> Bool {
    var descriptors = [
      pollfd(fd: wakeup, events: Int16(POLLIN), revents: 0), pollfd(fd: alarm, events: Int16(POLLIN), revents: 0),
    ]
    while poll(&descriptors, 2, -1) < 0, errno == EINTR {}
    inbox.withLock { $0.isSleeping = false }
    var count: UInt64 = 0
    _ = read(wakeup, &count, 8)
    return descriptors[1].revents != 0 && read(alarm, &count, 8) == 8
  }
}

extension EventLoop.Inbox {
  /// Whether the thread must be woken; only the first to ask is told so.
  fileprivate mutating func takeSleep() -> Bool {
    defer { isSleeping = false }
    return isSleeping
  }
}

/// Runs `body` on a new, detached thread.
package func startThread(name: String, _ body: @escaping @Sendable () -> Void) {
  final class Box: Sendable {
    let name: String
    let body: @Sendable () -> Void
    init(_ name: String, _ body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }
  var attributes = pthread_attr_t()
  pthread_attr_init(&attributes)
  pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
  pthread_attr_setstacksize(&attributes, 1 << 20)
  var thread = pthread_t()
  let box = Unmanaged.passRetained(Box(name, body))
  let failed = pthread_create(
    &thread, &attributes,
    { argument in
      guard let argument else { return nil }
      let box = Unmanaged<Box>.fromOpaque(argument).takeRetainedValue()
      sy_name_thread(box.name)
      box.body()
      return nil
    }, box.toOpaque())
  pthread_attr_destroy(&attributes)
  if failed != 0 { box.release() }
}
