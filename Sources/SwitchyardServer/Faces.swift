import GRPCCore
import GRPCNIOTransportCore
import GRPCNIOTransportHTTP2Posix
import Glibc
import Hummingbird
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import SwitchyardCore
import SwitchyardModel
import SwitchyardSystem
import SwitchyardWire

/// The two faces of a server: gRPC for workers, HTTP for people and programs. Each has one event loop, and its tasks run
/// there.
struct Faces: Sendable {
  let settings: ServerSettings
  let api: APIContext
  let tokens: TokenDirectory
  let connections: WorkerConnections
  let logger: Logger

  /// Serves until graceful shutdown.
  func serve(onReady: @escaping @Sendable (SwitchyardServer.Addresses) async -> Void) async throws {
    let workers = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let clients = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let outcome: Result<Void, any Error>
    do { outcome = .success(try await serve(workers, clients, onReady)) } catch { outcome = .failure(error) }
    try? await workers.shutdownGracefully()
    try? await clients.shutdownGracefully()
    try outcome.get()
  }

  private func serve(
    _ workers: MultiThreadedEventLoopGroup, _ clients: MultiThreadedEventLoopGroup,
    _ onReady: @escaping @Sendable (SwitchyardServer.Addresses) async -> Void
  ) async throws {
    let watch = StreamWatch(tokens: tokens) { [bus = api.observers.bus] in bus.publish(.core(.counted($0))) }
    let tls = try settings.tls.files(in: settings.dataDirectory).map { try ServerTLS($0, logger: logger) }
    warnOfPlaintext()
    let grpc = GRPCServer(
      transport: .http2NIOPosix(
        address: settings.grpc.socketAddress, transportSecurity: try tls?.grpc() ?? .plaintext,
        config: .defaults { config in
          config.rpc.maxRequestPayloadSize = 4 << 20
          // Frames are batches already: holding them back would only add to every latency.
          config.connection.flushCoalescing = nil
          config.connection.keepalive.clientBehavior.minPingIntervalWithoutCalls = .seconds(10)
          // Who is connected and says nothing, and who has not shown a token yet, takes little and not for ever.
          config.connection.maxIdleTime = .seconds(60)
          config.http2.maxConcurrentStreams = 1_000
          config.channelDebuggingCallbacks.onAcceptTCPConnection = ConnectionBound(WorkerConnections.limit).check
        }, eventLoopGroup: workers),
      services: [
        WorkerGateway(
          connections: connections, watch: watch, tokens: tokens, events: api.observers.bus, driver: api.driver,
          logger: logger)
      ])
    let listening = Signal()
    let http = HTTPServer(
      table: DocumentRoutes.adding(to: routes), tokens: tokens, events: api.observers.bus, admission: api.admission,
      meter: api.http, logger: logger)
    let port = PortBox()
    let application = try http.application(settings.http, tls: try tls?.http(), on: clients.next()) { number in
      port.set(number)
      listening.signal()
    }
    // Each task tells whether the server is over with it.
    try await withThrowingTaskGroup(of: Bool.self) { group in
      group.addTask(executorPreference: EventLoopTasks(workers.next())) {
        do { try await grpc.serve() } catch  where !(error is CancellationError) {
          throw FaceError("workers", "grpc", settings.grpc, error)
        }
        return false
      }
      group.addTask(executorPreference: EventLoopTasks(clients.next())) {
        let group = ServiceGroup(services: [application], logger: logger)
        do { try await group.run() } catch  where !(error is CancellationError) {
          throw FaceError("HTTP", "http", settings.http, error)
        }
        return true
      }
      group.addTask {
        await tls?.watch()
        return false
      }
      group.addTask {
        await noteUses()
        return false
      }
      group.addTask {
        await watch.run()
        return false
      }
      group.addTask {
        await listening.wait()
        // It also ends when the other face cannot listen: then nobody is told that the server is ready.
        try Task.checkCancellation()
        let address = try await grpc.listeningAddress
        try await owned()
        await onReady(
          .init(
            http: ListenAddress(host: settings.http.host, port: port.number),
            grpc: ListenAddress(host: settings.grpc.host, port: address?.ipv4?.port ?? settings.grpc.port)))
        try? await gracefulShutdown()
        grpc.beginGracefulShutdown()
        connections.closeAll()
        // Requests that are being answered have this long; then they are cut off.
        try? await Task.sleep(for: .seconds(10))
        return true
      }
      while let isOver = try await group.next(), !isOver {}
      group.cancelAll()
      while (try? await group.next()) != nil {}
    }
  }

  private func warnOfPlaintext() {
    guard settings.tls == .off else { return }
    for (face, address) in [("grpc", settings.grpc), ("http", settings.http)] where address.isPublic {
      logger.warning(
        "what is sent here, tokens too, can be read on the way: use --tls-self-signed, or --tls-certificate and --tls-key",
        metadata: ["face": "\(face)", "address": "\(address)"])
    }
  }

  /// Stores from time to time which tokens were used: some minutes coarse, so that a request costs no commit.
  private func noteUses() async {
    while (try? await Task.sleep(for: .seconds(60))) != nil {
      let uses = tokens.takeUses(olderThan: .seconds(300))
      if !uses.isEmpty { _ = await api.driver.perform(.access(.usedTokens(uses))) }
    }
  }

  /// Waits until the core owns its shards: a server that is not ready is not called so.
  private func owned() async throws {
    while await !api.driver.inspect({ $0.isOwning }) {
      try await Task.sleep(for: .milliseconds(2))
    }
  }

  private var routes: [Route] {
    StatusRoutes(api: api).routes + JobRoutes(api: api).routes + JobVersionRoutes(api: api).routes
      + SubmissionRoutes(api: api).routes + InstanceRoutes(api: api).routes + WorkerRoutes(api: api).routes
      + PlacementRoutes(api: api).routes + EventRoutes(api: api).routes
      + MonitorRoutes(api: api, metricsAreOpen: settings.metricsOpen).routes + AccessRoutes(api: api).routes
      + TokenRoutes(api: api).routes
  }
}

/// A face that cannot be served, with its address and what to do.
private struct FaceError: Error, CustomStringConvertible {
  let description: String

  init(_ face: String, _ setting: String, _ address: ListenAddress, _ error: any Error) {
    let (reason, advice) =
      switch (error as? IOError)?.errnoCode {
      case EADDRINUSE: ("the port is taken", "stop who has it, or choose")
      case EADDRNOTAVAIL: ("this machine has no such address", "choose")
      case EACCES: ("this user may not use the port", "choose a port from 1024 on, in")
      default: ("\(error)", "is the port taken? Stop who has it, or choose")
      }
    description = "cannot serve \(face) at \(address): \(reason); \(advice) another address with --\(setting) HOST:PORT"
  }
}

extension ListenAddress {
  fileprivate var socketAddress: GRPCNIOTransportCore.SocketAddress {
    let address = host == "localhost" ? "127.0.0.1" : host
    return address.contains(":") ? .ipv6(host: address, port: port) : .ipv4(host: address, port: port)
  }
}
