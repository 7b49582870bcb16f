import GRPCCore
import GRPCNIOTransportHTTP2Posix
import NIOCore
import SwitchyardCore
import SwitchyardModel
import SwitchyardWire
import Synchronization

/// One stream over gRPC.
///
/// The protocol's own heartbeats watch over it, so that HTTP/2 pings are not needed (and servers of gRPC's default policy
/// punish frequent ones).
final class GRPCLink: ServerLink {
  private struct State {
    var isOpen = false
    var isWelcome = false
    /// What the server said when it refused.
    var refusal: String?
  }

  private let number: ConnectionNumber
  private let events: any ServerLinkEvents
  private let queue = OutboundQueue()
  private let state = Mutex(State())
  /// Ends when the stream is to be closed.
  private let closing: AsyncStream<Never>
  private let beginClosing: AsyncStream<Never>.Continuation

  /// How long a closing stream may take to send what is queued.
  private static let patience = Duration.seconds(2)

  init(number: ConnectionNumber, events: any ServerLinkEvents) {
    self.number = number
    self.events = events
    (closing, beginClosing) = AsyncStream.makeStream()
  }

  // MARK: For the agent

  func send(_ messages: [WorkerMessage]) { queue.append(messages) }

  var queuedLogBytes: Int { queue.logBytes }

  func close() {
    queue.finish()
    beginClosing.finish()
  }

  // MARK: For who runs it

  /// Whether the server took this worker.
  var wasWelcome: Bool { state.withLock { $0.isWelcome } }

  /// Why the server refused it, if it did.
  var refusal: String? { state.withLock { $0.refusal } }

  func ended() { events.closed(number, wasOpen: state.withLock { $0.isOpen }) }

  func refused(_ refusal: Refusal, _ message: String) async {
    await events.received([.refused(refusal, message: message)], on: number)
  }

  /// Returns at the orderly end of the stream, or some time after ``close()``.
  func run(to server: ServerAddress, tls: ClientTLS, token: String, on loop: any EventLoop) async throws {
    let transport = try Self.transport(to: server, tls, on: loop)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.converse(over: transport, token: token) }
      group.addTask {
        for await _ in self.closing {}
        try await Task.sleep(for: Self.patience)
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  private static func transport(
    to server: ServerAddress, _ tls: ClientTLS, on loop: any EventLoop
  ) throws -> HTTP2ClientTransport.Posix {
    var config = HTTP2ClientTransport.Posix.Config.defaults
    // Frames are batches already: holding them back would only add to every latency.
    config.connection.flushCoalescing = nil
    // TLS has no way to ask for an address by name: as an address it is looked for among the certificate's addresses.
    let isIPv4 = !server.host.contains(":") && AddressRange.bits(of: server.host) != nil
    return try HTTP2ClientTransport.Posix(
      target: server.host.contains(":")
        ? .ipv6(address: server.host, port: server.port)
        : isIPv4 ? .ipv4(address: server.host, port: server.port) : .dns(host: server.host, port: server.port),
      transportSecurity: server.isSecure ? tls.security : .plaintext, config: config, eventLoopGroup: loop)
  }

  private func converse(over transport: HTTP2ClientTransport.Posix, token: String) async throws {
    try await withGRPCClient(transport: transport) { client in
      var options = CallOptions.defaults
      options.waitForReady = false
      options.maxRequestMessageBytes = WireBounds.frameBytes
      options.maxResponseMessageBytes = WireBounds.frameBytes
      try await WireWorkerService.Client(wrapping: client).session(
        metadata: ["authorization": "Bearer \(token)"], options: options,
        requestProducer: { writer in
          self.state.withLock { $0.isOpen = true }
          self.events.connected(self.number)
          try await self.write(to: writer)
        },
        onResponse: { response in try await self.read(response) })
    }
  }

  private func write(to writer: RPCWriter<WireWorkerFrame>) async throws {
    while let messages = try await queue.nextFrame() {
      var frame = WireWorkerFrame()
      frame.messages = messages.map(WireWorkerMessage.init)
      try await writer.write(frame)
      if messages.contains(where: { if case .log = $0 { true } else { false } }) { events.sentLogs(on: number) }
    }
  }

  private func read(_ response: StreamingClientResponse<WireServerFrame>) async throws {
    var decoder = ServerMessageDecoder()
    for try await frame in response.messages {
      var messages: [ServerMessage] = []
      messages.reserveCapacity(frame.messages.count)
      for wire in frame.messages { messages.append(try decoder.decode(wire)) }
      for message in messages {
        if case .welcome = message { state.withLock { $0.isWelcome = true } }
        if case .refused(_, let reason) = message { state.withLock { $0.refusal = reason } }
      }
      await events.received(messages, on: number)
    }
  }
}
