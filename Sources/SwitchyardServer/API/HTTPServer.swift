import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle
import SwitchyardCore
import SwitchyardModel
import SwitchyardSystem

/// Serves the routes over HTTP/1.1: finds them, authenticates, bounds the request, answers, tells errors as problem
/// details.
struct HTTPServer: HTTPResponder {
  static let bodyBytes = 4 << 20
  private static let headerBytes = 32_768

  let table: RouteTable
  let tokens: TokenDirectory
  let events: EventBus
  let admission: Admission
  let meter: HTTPMeter
  let logger: Logger

  /// - Parameters:
  ///   - loop: reads and writes its connections.
  ///   - onRunning: gets the port, which matters when any free one was asked for.
  func application(
    _ address: ListenAddress, tls: TLSConfiguration?, on loop: any NIOCore.EventLoop,
    onRunning: @escaping @Sendable (Int) async -> Void
  ) throws -> some ApplicationProtocol {
    // Also for a request that does not come to its end; a response may take as long as it likes.
    let plain = HTTPServerBuilder.http1(
      configuration: .init(additionalChannelHandlers: [HangUp()], idleTimeout: .seconds(60)))
    return Application(
      responder: self,
      server: try tls.map { try HTTPServerBuilder.tls(plain, tlsConfiguration: $0) } ?? plain,
      configuration: .init(
        address: .hostname(address.host, port: address.port), serverName: "switchyard",
        availableConnectionsDelegate: MaximumAvailableConnections(
          admission.limits.connections, logger: quiet(logger))),
      onServerRunning: { channel in await onRunning(channel.localAddress?.port ?? address.port) },
      eventLoopGroupProvider: .shared(loop),
      logger: quiet(logger))
  }

  func respond(to request: Request, context: ConnectionContext) async -> Response {
    let began = SystemClock.boot()
    var found: Route?
    let response: Response
    do {
      let seat = try admission.requests.take()
      defer { withExtendedLifetime(seat) {} }
      response = try await answer(request, context, &found)
    } catch {
      response = problem(APIError(error), cause: error, request)
    }
    meter.answered(found, response.status, after: SystemClock.boot() - began)
    return request.method == .head ? response.createHeadResponse() : response
  }

  /// - Parameter found: gets the route.
  private func answer(
    _ request: Request, _ context: ConnectionContext, _ found: inout Route?
  ) async throws -> Response {
    guard request.headers.reduce(0, { $0 + $1.name.rawName.utf8.count + $1.value.utf8.count }) <= Self.headerBytes
    else {
      throw APIError(
        status: .requestHeaderFieldsTooLarge, detail: "header fields may have at most \(Self.headerBytes) bytes")
    }
    let target = try RequestTarget(path: request.uri.path, query: request.uri.query)
    switch table.find(request.method, target.segments) {
    case .nothing:
      throw APIError.notFound(
        "there is nothing at \(request.method) \(request.uri.path); GET /api/v1/openapi.json tells what there is")
    case .otherMethods(let methods) where request.method == .options:
      return Response(status: .noContent, headers: [.allow: methods.text])
    case .otherMethods(let methods):
      var error = APIError(
        status: .methodNotAllowed, detail: "\(request.uri.path) takes \(methods.text), not \(request.method)")
      error.allow = methods
      throw error
    case .route(let route, let path):
      found = route
      let app = path["app"] ?? target.query.first { $0.name == "app" }?.value
      let caller = try authorize(request, route.permission, app: app)
      if route.body == nil, length(of: request) > 0 {
        throw APIError(status: .badRequest, detail: "\(route.method) \(request.uri.path) takes no body; send none")
      }
      let type = try mediaType(of: request, for: route)
      let isStreamed = type.map { route.body?.streamed.contains($0) ?? false } ?? false
      // What is in memory of it is counted until it is answered.
      let seat = try admission.bodies.take(isStreamed ? 0 : length(of: request))
      defer { withExtendedLifetime(seat) {} }
      let answer = try await route.handle(
        APIRequest(
          route, path: path, query: target.query, headers: request.headers,
          body: isStreamed ? [] : try await body(of: request, for: route),
          stream: isStreamed ? BodyStream(request) : nil, caller: caller,
          origin: .init(address: context.channel.remoteAddress?.ipAddress ?? "-", path: request.uri.path)))
      return answer.response(on: context.channel) { [tokens] in
        await tokens.lapse(of: caller, clock: SystemClock.wall)
      }
    }
  }

  /// - Parameter app: that the request names; a route that finds its app elsewhere checks that itself, by
  ///   ``APIRequest/caller``.
  private func authorize(_ request: Request, _ permission: Permission, app: String?) throws(APIError) -> Caller {
    if permission == .anyone { return .anyone }
    let caller: Caller
    do throws(TokenFailure) {
      caller = try tokens.caller(authorization: request.headers[.authorization], at: SystemClock.wall())
    } catch {
      events.publish(.core(.counted("token.\(error.rawValue)")))
      throw APIError(status: .unauthorized, detail: error.detail)
    }
    do throws(APIError) {
      try caller.demand(permission, app: app)
    } catch {
      events.publish(.core(.counted("token.forbidden")))
      throw error
    }
    return caller
  }

  /// The body's type, one that the route takes. A request that does not name a type is taken at its word.
  private func mediaType(of request: Request, for route: Route) throws(APIError) -> String? {
    let accepted = (route.body?.types ?? []) + (route.body?.streamed ?? [])
    guard let type = request.headers[.contentType], !accepted.isEmpty else { return nil }
    let essence = String(type.prefix { $0 != ";" }.lowercased().trimmingPrefix { $0 == " " }.prefix { $0 != " " })
    guard accepted.contains(essence) else {
      throw APIError(
        status: .unsupportedMediaType,
        detail: "a body must be \(oneOf(accepted)), found \(quoted(type)); say so in Content-Type")
    }
    return essence
  }

  /// How much memory the body may take: as long as it says, or as long as any may be.
  private func length(of request: Request) -> Int {
    if let text = request.headers[.contentLength] { return min(max(Int(text) ?? 0, 0), Self.bodyBytes) }
    return request.headers[.transferEncoding] == nil ? 0 : Self.bodyBytes
  }

  private func body(of request: Request, for route: Route) async throws -> [UInt8] {
    let buffer: ByteBuffer
    let limit = route.body?.limit ?? Self.bodyBytes
    do {
      buffer = try await request.body.collect(upTo: limit)
    } catch {
      throw APIError(status: .contentTooLarge, detail: "a body may have at most \(limit) bytes")
    }
    return Array(buffer.readableBytesView)
  }

  private func problem(_ problem: APIError, cause: any Error, _ request: Request) -> Response {
    if problem.status.code >= 500 {
      logger.error("request failed", metadata: ["path": "\(request.uri.path)", "error": "\(cause)"])
    }
    var headers: HTTPFields = [.contentType: "application/problem+json"]
    if problem.status == .unauthorized { headers[.wwwAuthenticate] = "Bearer" }
    if let wait = problem.retryAfter { headers[.retryAfter] = "\(max(1, Int64(wait.seconds.rounded(.up))))" }
    if !problem.allow.isEmpty { headers[.allow] = problem.allow.text }
    return Response(status: problem.status, headers: headers, body: .init(json: APIError.resource.json(problem)))
  }
}

extension [HTTPRequest.Method] {
  fileprivate var text: String { map(\.rawValue).joined(separator: ", ") }
}

/// Knows the connection that a request came on.
struct ConnectionContext: RequestContext {
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
