import GRPCCore
import GRPCNIOTransportHTTP2Posix
import SwitchyardModel
import SwitchyardWire
import Synchronization

/// A server over real gRPC, of which the test is the mind.
final class FakeServer: Sendable {
  let sessions = Collector<FakeSession>()
  private let server: GRPCServer<HTTP2ServerTransport.Posix>

  init(token: String = "secret") {
    server = GRPCServer(
      transport: .http2NIOPosix(address: .ipv4(host: "127.0.0.1", port: 0), transportSecurity: .plaintext),
      services: [SessionService(token: token, sessions: sessions)])
  }

  /// Serves while `body` runs.
  ///
  /// - Parameter body: gets the port.
  func run(_ body: @Sendable (Int) async throws -> Void) async throws {
    try await withThrowingDiscardingTaskGroup { group in
      group.addTask { try? await self.server.serve() }
      let port = try await server.listeningAddress?.ipv4?.port ?? 0
      defer { group.cancelAll() }
      try await body(port)
    }
  }
}

/// One stream, from the server's side.
final class FakeSession: Sendable {
  let received = Collector<WorkerMessage>()
  private let outgoing: AsyncStream<[ServerMessage]>
  private let send: AsyncStream<[ServerMessage]>.Continuation

  init() { (outgoing, send) = AsyncStream.makeStream() }

  func send(_ messages: ServerMessage...) { send.yield(messages) }
  func close() { send.finish() }

  fileprivate func write(to writer: RPCWriter<WireServerFrame>) async throws {
    var encoder = ServerMessageEncoder()
    for await messages in outgoing {
      var frame = WireServerFrame()
      frame.messages = messages.map { encoder.encode($0) }
      try await writer.write(frame)
    }
  }

  func hello() async -> Hello? {
    let message = await received.first { if case .hello = $0 { true } else { false } }
    if case .hello(let hello) = message { return hello }
    return nil
  }

  func welcome() {
    send(
      .welcome(
        Welcome(
          server: ServerRef(id: "s", incarnation: 1), session: 1, lease: .seconds(12), heartbeatEvery: .seconds(2),
          epochs: [])))
  }

  func result(_ ref: AttemptRef) async -> AttemptResult? {
    let message = await received.first { if case .result(let result) = $0 { result.attempt == ref } else { false } }
    if case .result(let result) = message { return result }
    return nil
  }
}

private struct SessionService: WireWorkerService.SimpleServiceProtocol {
  let token: String
  let sessions: Collector<FakeSession>

  func session(
    request: RPCAsyncSequence<WireWorkerFrame, any Error>, response: RPCWriter<WireServerFrame>, context: ServerContext
  ) async throws {
    let session = FakeSession()
    sessions.append(session)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await session.write(to: response) }
      group.addTask {
        for try await frame in request {
          for message in frame.messages { session.received.append(try message.model()) }
        }
      }
      try await group.next()
      group.cancelAll()
    }
  }
}
