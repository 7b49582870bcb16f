import CLinux
import Glibc
package import SwitchyardModel
import Synchronization

/// A thread of its own that takes events from a queue, in batches, and keeps one alarm.
///
/// Not Swift's cooperative pool: what runs here must neither wait for it nor starve it. Posting costs a lock
/// and an append; the thread is woken only when it sleeps.
///
/// To wake a thread on a machine that has nothing to do takes longer than most events take themselves, the more so on a
/// virtual one. So whoever ``perform(_:)``s an event while the thread sleeps handles it on the spot, as the thread's guest.
package final class EventLoop<Event: Sendable>: Sendable {
  fileprivate struct Inbox {
    var events: [Event] = []
    /// The thread sleeps, and nobody handles events in its place.
    var isSleeping = false
    /// A guest handles events; the thread, should the alarm wake it, waits for the end of that.
    var hasGuest = false
    /// It did.
    var hasRung = false
    var isClosed = false
  }

  /// What whoever handles events uses, one after the other.
  private struct Turn {
    var body: (@Sendable ([Event], _ isGuest: Bool) -> BootTime?)?
    var batch: [Event] = []
    var armed: BootTime?
  }

  private let inbox = Mutex(Inbox())
  private let turn = Mutex(Turn())
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

  /// Handles the event here if the thread sleeps, and posts it otherwise. For callers that hold no lock which handling an
  /// event may take, and that may stay away for as long as one event takes.
  package func perform(_ event: Event) {
    let isGuest = inbox.withLock { inbox in
      guard !inbox.isClosed else { return false }
      inbox.events.append(event)
      return inbox.enter()
    }
    if isGuest { runAsGuest() }
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
  /// - Parameter body: handles a batch, which is empty when only the alarm woke the thread, and returns the time of the
  ///   next alarm; nil for none. A guest should do what the batch asks for and no more.
  package func start(_ body: @escaping @Sendable (_ batch: [Event], _ isGuest: Bool) -> BootTime?) {
    turn.withLock { $0.body = body }
    startThread(name: name) { [self] in
      var rang = false
      while run(isGuest: false, rang: rang) {
        let sleeps = inbox.withLock { inbox in
          inbox.isSleeping = inbox.events.isEmpty && !inbox.isClosed
          return inbox.isSleeping
        }
        rang = sleeps && rest()
      }
      turn.withLock { $0.body = nil }
    }
  }

  /// Handles what waits.
  ///
  /// - Parameter rang: the alarm went off.
  /// - Returns: false when the loop is closed.
  private func run(isGuest: Bool, rang: Bool) -> Bool {
    turn.withLock { turn in
      turn.batch.removeAll(keepingCapacity: true)
      let isClosed = inbox.withLock { inbox in
        swap(&inbox.events, &turn.batch)
        return inbox.isClosed
      }
      guard !isClosed, let body = turn.body else { return false }
      if rang { turn.armed = nil }
      let next = body(turn.batch, isGuest)
      if next != turn.armed {
        sy_alarm_at(alarm, next.map { max($0.nanoseconds, 1) } ?? 0)
        turn.armed = next
      }
      return true
    }
  }

  private func runAsGuest() {
    _ = run(isGuest: true, rang: false)
    // What came meanwhile is the thread's.
    wake(inbox.withLock { $0.leave() })
  }

  private func wake(_ needed: Bool) {
    guard needed else { return }
    var one: UInt64 = 1
    _ = write(wakeup, &one, 8)
  }

  /// Sleeps until there is something to do, and no guest does it.
  ///
  /// - Returns: whether the alarm went off.
  private func rest() -> Bool {
    var descriptors = [
      pollfd(fd: wakeup, events: Int16(POLLIN), revents: 0), pollfd(fd: alarm, events: Int16(POLLIN), revents: 0),
    ]
    var rang = false
    while true {
      while poll(&descriptors, 2, -1) < 0, errno == EINTR {}
      var count: UInt64 = 0
      if descriptors[0].revents != 0 { _ = read(wakeup, &count, 8) }
      if descriptors[1].revents != 0, read(alarm, &count, 8) == 8 { rang = true }
      if inbox.withLock({ $0.rise(rang) }) { return rang }
    }
  }
}

extension EventLoop.Inbox {
  /// Whether the thread must be woken; only the first to ask is told so.
  fileprivate mutating func takeSleep() -> Bool {
    defer { isSleeping = false }
    return isSleeping
  }

  /// Whether the caller may handle events in the thread's place.
  fileprivate mutating func enter() -> Bool {
    guard takeSleep() else { return false }
    hasGuest = true
    return true
  }

  /// The guest has done; whether the thread must be woken.
  fileprivate mutating func leave() -> Bool {
    hasGuest = false
    isSleeping = events.isEmpty && !hasRung && !isClosed
    return !isSleeping
  }

  /// The thread has been woken; whether it is its turn.
  fileprivate mutating func rise(_ rang: Bool) -> Bool {
    hasRung = hasGuest && rang
    guard !hasGuest else { return false }
    isSleeping = false
    return true
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
