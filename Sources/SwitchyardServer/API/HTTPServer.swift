import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import SwitchyardModel

/// Serves the routes over HTTP/1.1: authenticates, bounds the body, answers in JSON, tells errors as problem
/// details.
struct HTTPServer: Sendable {
  private static let bodyBytes = 4 << 20

  let routes: [Route]
  let tokens: TokenCheck
  let logger: Logger

  /// - Parameter onRunning: gets the port, which matters when any free one was asked for.
  func application(
    _ address: ListenAddress, onRunning: @escaping @Sendable (Int) async -> Void
  ) -> some ApplicationProtocol {
    let router = Router(context: ConnectionContext.self)
    router.add(middleware: ProblemDetails(logger: logger))
    for route in routes {
      router.on(RouterPath(route.path), method: route.method) { request, context in
        try authorize(request, route.permission)
        let buffer: ByteBuffer
        do {
          buffer = try await request.body.collect(upTo: Self.bodyBytes)
        } catch {
          throw APIError(status: .contentTooLarge, detail: "a body may have at most \(Self.bodyBytes) bytes")
        }
        let parameters = Dictionary(
          context.parameters.map { (String($0.key), String($0.value)) }, uniquingKeysWith: { first, _ in first })
        let query = request.uri.queryParameters.map { (name: String($0.key), value: String($0.value)) }
        let answer = try await route.handle(
          APIRequest(parameters: parameters, query: query, body: Array(buffer.readableBytesView)))
        return answer.response(on: context.channel)
      }
    }
    return Application(
      router: router,
      // Also for a request that does not come to its end; a response may take as long as it likes.
      server: .http1(configuration: .init(additionalChannelHandlers: [HangUp()], idleTimeout: .seconds(60))),
      configuration: .init(address: .hostname(address.host, port: address.port), serverName: "switchyard"),
      onServerRunning: { channel in await onRunning(channel.localAddress?.port ?? address.port) },
      logger: quiet(logger))
  }

  private func authorize(_ request: Request, _ permission: Permission) throws(APIError) {
    if permission == .anyone { return }
    guard let header = request.headers[.authorization], header.hasPrefix("Bearer ") else {
      throw APIError(
        status: .unauthorized,
        detail: "a token is required: send `Authorization: Bearer TOKEN`; the server keeps it in DATA/token")
    }
    guard tokens.allows(header.dropFirst(7), permission) else {
      throw APIError(
        status: .unauthorized, detail: "the token is wrong for this server; it keeps its own in DATA/token")
    }
  }
}

/// Knows the connection that a request came on.
private struct ConnectionContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  let channel: any Channel

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    channel = source.channel
  }
}

/// Closes the connection when the client has closed its end, which nobody would notice while there is nothing to
/// be written.
private final class HangUp: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = Any

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .some(.inputClosed) = event as? ChannelEvent { context.close(promise: nil) }
    context.fireUserInboundEventTriggered(event)
  }
}

/// The framework tells of every request at info; a scheduler has more important things to say.
private func quiet(_ logger: Logger) -> Logger {
  var logger = logger
  logger.logLevel = max(logger.logLevel, .warning)
  return logger
}

private struct ProblemDetails<Context: RequestContext>: RouterMiddleware {
  let logger: Logger

  func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch {
      let problem = APIError(error)
      if problem.status.code >= 500 {
        logger.error("request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
      }
      var detail = problem
      if problem.status == .notFound, problem.detail == HTTPResponse.Status.notFound.reasonPhrase {
        detail.detail = "there is nothing at \(request.method) \(request.uri.path)"
      }
      var headers: HTTPFields = [.contentType: "application/problem+json"]
      if problem.status == .unauthorized { headers[.wwwAuthenticate] = "Bearer" }
      if problem.status == .tooManyRequests || problem.status == .serviceUnavailable { headers[.retryAfter] = "1" }
      return Response(
        status: problem.status, headers: headers,
        body: .init(byteBuffer: ByteBuffer(bytes: detail.json.bytes + [0x0A])))
    }
  }
}

extension APIResponse {
  fileprivate func response(on connection: any Channel) -> Response {
    switch self {
    case .json(let value, let status):
      Response(
        status: status, headers: [.contentType: "application/json"],
        body: .init(byteBuffer: ByteBuffer(bytes: value.bytes + [0x0A])))
    case .stream(let type, let produce):
      Response(
        status: .ok, headers: [.contentType: type, .cacheControl: "no-store"],
        body: .init { writer in
          let channel = BodyChannel(writer)
          // Nobody reads it any more, or the server shuts down: a stream without an end would hold it up.
          let isGone = Signal()
          connection.closeFuture.whenComplete { _ in isGone.signal() }
          try await withThrowingTaskGroup { group in
            group.addTask {
              try await cancelWhenGracefulShutdown {
                try await produce { bytes in try await channel.write(bytes) }
              }
            }
            group.addTask { await isGone.wait() }
            try await group.next()
            group.cancelAll()
          }
          try await channel.finish()
        })
    }
  }
}

/// Lets a stream's producer write from where it is.
private final class BodyChannel: @unchecked Sendable {
  // Only the one task that produces the body uses it.
  private var writer: any ResponseBodyWriter
  init(_ writer: any ResponseBodyWriter) { self.writer = writer }
  func write(_ bytes: [UInt8]) async throws { try await writer.write(ByteBuffer(bytes: bytes)) }
  func finish() async throws { try await writer.finish(nil) }
}
