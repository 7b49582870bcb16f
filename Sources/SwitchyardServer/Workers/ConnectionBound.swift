import NIOCore
import Synchronization

/// Closes connections beyond so many at a time, before anything is read from them.
final class ConnectionBound: Sendable {
  private let limit: Int
  private let open = Mutex(0)

  init(_ limit: Int) { self.limit = limit }

  @Sendable func check(_ channel: any Channel) -> EventLoopFuture<Void> {
    let count = open.withLock { open in
      open += 1
      return open
    }
    channel.closeFuture.whenComplete { _ in self.open.withLock { $0 -= 1 } }
    if count > limit { channel.close(promise: nil) }
    return channel.eventLoop.makeSucceededVoidFuture()
  }
}
