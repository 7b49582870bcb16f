import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Logging
import NIOCore
import NIOPosix
import SwitchyardCore
import SwitchyardModel
import SwitchyardWire
import Synchronization

/// Opens streams to servers over gRPC, one connection each. Their tasks run on the event loop that reads and writes them.
final class GRPCLinks: ServerLinks {
  private struct State {
    var rotation: ServerRotation
    /// Streams in a row that came to nothing.
    var failures = 0
  }

  private let tls: ClientTLS
  private let token: String
  private let logger: Logger
  private let state: Mutex<State>
  private let opened: AsyncStream<GRPCLink>
  private let open: AsyncStream<GRPCLink>.Continuation
  private let loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()

  init(servers: [ServerAddress], tls: ClientTLS, token: String, logger: Logger) {
    self.tls = tls
    self.token = token
    self.logger = logger
    var random = SystemRandomNumberGenerator()
    state = Mutex(State(rotation: ServerRotation(servers, random: &random)))
    (opened, open) = AsyncStream.makeStream()
  }

  func open(_ connection: ConnectionNumber, events: any ServerLinkEvents) -> any ServerLink {
    let link = GRPCLink(number: connection, events: events)
    open.yield(link)
    return link
  }

  /// Runs the streams, until ``finish()``.
  func run() async {
    await withDiscardingTaskGroup { group in
      for await link in opened {
        group.addTask(executorPreference: EventLoopTasks(loop)) { await self.run(link) }
      }
    }
  }

  func finish() { open.finish() }

  private func run(_ link: GRPCLink) async {
    guard let server = state.withLock({ $0.rotation.current }) else { return link.ended() }
    var logger = logger
    logger[metadataKey: "server"] = "\(server)"
    do {
      logger.debug("connecting")
      try await link.run(to: server, tls: tls, token: token, on: loop)
      logger.debug("stream closed")
    } catch let error as RPCError where error.code == .unauthenticated || error.code == .permissionDenied {
      logger.error("refused by the server: check the token", metadata: ["cause": "\(error.message)"])
      await link.refused(.unauthorized, error.message)
    } catch {
      // Said once: while a server is away, the next hundred times are no news.
      let isNews = link.wasWelcome || state.withLock { $0.failures == 0 }
      let cause = ClientTLS.advice(on: error, to: server) ?? "\(error)"
      logger.log(level: isNews ? .warning : .debug, "stream failed", metadata: ["cause": "\(cause)"])
    }
    if let refusal = link.refusal {
      let isNews = link.wasWelcome || state.withLock { $0.failures == 0 }
      logger.log(level: isNews ? .warning : .debug, "refused by the server", metadata: ["reason": "\(refusal)"])
    }
    // A server that has served and closes is asked again; one that cannot be reached is not.
    state.withLock { state in
      state.failures = link.wasWelcome ? 0 : state.failures + 1
      if !link.wasWelcome { state.rotation.advance() }
    }
    link.ended()
  }
}
