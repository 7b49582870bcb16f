import Foundation
import SwitchyardModel
import SwitchyardSystem
import Synchronization
import Testing

/// Threads that post and guests that handle on the spot, against one loop and its alarm.
@Suite struct EventLoopTests {
  private struct Seen {
    var events: [Int: [Int]] = [:]
    var alarms = 0
    var guests = 0
    var isAsked = false
  }

  /// Everything is handled once, in the order of its sender, by one at a time; and an alarm that goes off while a guest is
  /// there is not lost.
  @Test func everyEventIsHandledOnceAndInOrder() throws {
    let (senders, each) = (4, 20_000)
    let loop = EventLoop<(sender: Int, number: Int)>(name: "test")
    let seen = Mutex(Seen())
    let inside = Atomic<Int>(0)
    let entered = Atomic<Int>(0)
    let collisions = Atomic<Int>(0)
    let done = DispatchSemaphore(value: 0)
    loop.start { batch, isGuest in
      if inside.exchange(1, ordering: .relaxed) != 0 { collisions.add(1, ordering: .relaxed) }
      entered.add(1, ordering: .relaxed)
      defer { inside.store(0, ordering: .relaxed) }
      return seen.withLock { seen in
        for event in batch { seen.events[event.sender, default: []].append(event.number) }
        if isGuest { seen.guests += 1 }
        if batch.isEmpty { seen.alarms += 1 }
        if seen.events.values.reduce(0, { $0 + $1.count }) == senders * each, !seen.isAsked {
          seen.isAsked = true
          done.signal()
        }
        // Always near, so that it goes off beside the guests.
        return SystemClock.boot() + .microseconds(200)
      }
    }
    for sender in 0..<senders {
      startThread(name: "sender") {
        for number in 0..<each {
          let event = (sender, number)
          if (number &+ sender) % 3 == 0 { loop.post(event) } else { loop.perform(event) }
          if number % 64 == 0 { usleep(20) }
        }
      }
    }
    #expect(done.wait(timeout: .now() + 120) == .success)
    let alarmsBefore = seen.withLock(\.alarms)
    let deadline = Date().addingTimeInterval(60)
    while seen.withLock(\.alarms) < alarmsBefore + 3, Date() < deadline { usleep(100) }
    #expect(seen.withLock(\.alarms) >= alarmsBefore + 3, "an alarm was lost")
    loop.close()
    let result = seen.withLock { $0 }
    for sender in 0..<senders { #expect(result.events[sender] == Array(0..<each)) }
    #expect(collisions.load(ordering: .relaxed) == 0)
    #expect(entered.load(ordering: .relaxed) > result.guests)
  }

  /// What a guest causes to be posted is the thread's to handle.
  @Test func whatAGuestPostsIsHandledAfterwards() {
    let loop = EventLoop<Int>(name: "test")
    let done = DispatchSemaphore(value: 0)
    let numbers = Mutex<[Int]>([])
    let guest = Mutex<Thread?>(nil)
    loop.start { batch, isGuest in
      for number in batch {
        if isGuest { guest.withLock { $0 = .current } }
        if number < 0 { continue }
        numbers.withLock { $0.append(number) }
        if number < 1_000 { loop.perform(number + 1) } else { done.signal() }
      }
      return nil
    }
    // As soon as the thread sleeps, this one is the guest.
    let deadline = Date().addingTimeInterval(60)
    while guest.withLock({ $0 }) == nil, Date() < deadline { loop.perform(-1) }
    #expect(guest.withLock { $0 } === Thread.current)
    loop.perform(0)
    #expect(done.wait(timeout: .now() + 60) == .success)
    #expect(numbers.withLock { $0 } == Array(0...1_000))
    loop.close()
  }
}
