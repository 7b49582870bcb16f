import SwitchyardCore
import SwitchyardModel
import SwitchyardSystem
import Synchronization

/// Looks after the streams of all workers, so that none needs a task of its own for what hardly ever happens: that no
/// hello comes, or that the token ends with which it was opened.
final class StreamWatch: Sendable {
  /// How long a stream may say nothing before its hello.
  static let patience = Span.seconds(30)
  /// The end of a token or of the patience shows this much later, at most. A revoked token ends at once.
  private static let period = Span.seconds(1)

  private struct Guest {
    var caller: Caller
    var outbox: Outbox
    var since: BootTime
    var isGreeted = false
  }

  private let guests = Mutex<[ConnectionID: Guest]>([:])
  private let tokens: TokenDirectory
  private let count: @Sendable (String) -> Void

  /// - Parameter count: is told what was refused, by the name of its counter.
  init(tokens: TokenDirectory, count: @escaping @Sendable (String) -> Void) {
    self.tokens = tokens
    self.count = count
  }

  func enter(_ id: ConnectionID, _ caller: Caller, _ outbox: Outbox) {
    guests.withLock { $0[id] = Guest(caller: caller, outbox: outbox, since: SystemClock.boot()) }
  }

  /// The stream has said hello. Of those whose token cannot end there is nothing left to look at.
  func greeted(_ id: ConnectionID) {
    guests.withLock { guests in
      if guests[id]?.caller.token == nil { guests[id] = nil } else { guests[id]?.isGreeted = true }
    }
  }

  func leave(_ id: ConnectionID) { _ = guests.withLock { $0.removeValue(forKey: id) } }

  /// Until the task is cancelled.
  func run() async {
    while !Task.isCancelled {
      // Before the look: what changes during it is seen by the next.
      let change = tokens.nextChange
      look(at: SystemClock.now())
      await change.wait(atMost: Self.period)
    }
  }

  /// Refuses who has been silent for too long, and whose token is good no more; each once.
  func look(at now: Instants) {
    let refused = guests.withLock { guests in
      let refused = guests.filter { _, guest in
        !tokens.isGood(guest.caller, at: now.wall) || (!guest.isGreeted && now.boot - guest.since >= Self.patience)
      }
      for id in refused.keys { guests[id] = nil }
      return refused.values
    }
    for guest in refused {
      if tokens.isGood(guest.caller, at: now.wall) {
        count("hello.missing")
        guest.outbox.append(.refused(.invalid, message: "no hello came within \(Self.patience)"))
      } else {
        guest.outbox.append(.refused(.unauthorized, message: "the token of this worker was revoked or has expired"))
      }
      guest.outbox.close()
    }
  }
}
