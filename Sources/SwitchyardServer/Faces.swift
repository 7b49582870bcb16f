import GRPCCore
import GRPCNIOTransportCore
import GRPCNIOTransportHTTP2Posix
import Hummingbird
import Logging
import ServiceLifecycle
import SwitchyardCore
import SwitchyardModel
import SwitchyardSystem

/// The two faces of a server: gRPC for workers, HTTP for people and programs.
struct Faces: Sendable {
  let settings: ServerSettings
  let api: APIContext
  let tokens: TokenCheck
  let connections: WorkerConnections
  let logger: Logger

  /// Serves until graceful shutdown.
  func serve(onReady: @escaping @Sendable (SwitchyardServer.Addresses) async -> Void) async throws {
    let grpc = GRPCServer(
      transport: .http2NIOPosix(
        address: settings.grpc.socketAddress, transportSecurity: .plaintext,
        config: .defaults { config in
          config.rpc.maxRequestPayloadSize = 4 << 20
          config.connection.keepalive.clientBehavior.minPingIntervalWithoutCalls = .seconds(10)
        }),
      services: [WorkerGateway(connections: connections, tokens: tokens, driver: api.driver, logger: logger)])
    let listening = Signal()
    let http = HTTPServer(routes: routes, tokens: tokens, logger: logger)
    let port = PortBox()
    let application = http.application(settings.http) { number in
      port.set(number)
      listening.signal()
    }
    try await withThrowingTaskGroup { group in
      group.addTask { try await grpc.serve() }
      group.addTask {
        let group = ServiceGroup(services: [application], logger: logger)
        try await group.run()
      }
      group.addTask {
        await listening.wait()
        let address = try await grpc.listeningAddress
        await owned()
        await onReady(
          .init(
            http: ListenAddress(host: settings.http.host, port: port.number),
            grpc: ListenAddress(host: settings.grpc.host, port: address?.ipv4?.port ?? settings.grpc.port)))
        try? await gracefulShutdown()
        grpc.beginGracefulShutdown()
        connections.closeAll()
      }
      try await group.next()
      group.cancelAll()
      while (try? await group.next()) != nil {}
    }
  }

  /// Waits until the core owns its shards: a server that is not ready is not called so.
  private func owned() async {
    while await !api.driver.inspect({ $0.isOwning }) {
      try? await Task.sleep(for: .milliseconds(2))
    }
  }

  private var routes: [Route] {
    StatusRoutes(api: api).routes + JobRoutes(api: api).routes + InstanceRoutes(api: api).routes
      + PlacementRoutes(api: api).routes
  }
}

extension ListenAddress {
  fileprivate var socketAddress: GRPCNIOTransportCore.SocketAddress {
    let address = host == "localhost" ? "127.0.0.1" : host
    return address.contains(":") ? .ipv6(host: address, port: port) : .ipv4(host: address, port: port)
  }
}
