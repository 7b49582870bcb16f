import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle
import SwitchyardModel

/// What a handler answers.
struct APIResponse: Sendable {
  enum Body: Sendable {
    case json(JSONValue)
    case bytes(contentType: String, [UInt8])
    /// Bytes as they come.
    case stream(contentType: String, @Sendable (@Sendable ([UInt8]) async throws -> Void) async throws -> Void)
  }

  var status: HTTPResponse.Status = .ok
  var headers: HTTPFields = [:]
  var body: Body

  static func json(
    _ value: JSONValue, _ status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
  ) -> APIResponse {
    APIResponse(status: status, headers: headers, body: .json(value))
  }

  static func stream(
    contentType: String, _ produce: @escaping @Sendable (@Sendable ([UInt8]) async throws -> Void) async throws -> Void
  ) -> APIResponse {
    APIResponse(body: .stream(contentType: contentType, produce))
  }

  /// - Parameters:
  ///   - connection: ends a stream when it closes.
  ///   - lapsed: returns when who asked may do so no more, which ends a stream as well.
  func response(on connection: any Channel, until lapsed: @escaping @Sendable () async -> Void) -> Response {
    var headers = headers
    switch body {
    case .json(let value):
      headers[.contentType] = "application/json"
      return Response(status: status, headers: headers, body: .init(json: value))
    case .bytes(let type, let bytes):
      headers[.contentType] = type
      return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    case .stream(let type, let produce):
      headers[.contentType] = type
      headers[.cacheControl] = "no-store"
      return Response(
        status: status, headers: headers,
        body: .init { writer in
          let channel = BodyChannel(writer, of: connection)
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
            group.addTask { await lapsed() }
            try await group.next()
            group.cancelAll()
          }
          try await channel.finish()
        })
    }
  }
}

extension ResponseBody {
  init(json value: JSONValue) { self.init(byteBuffer: ByteBuffer(bytes: value.bytes + [0x0A])) }
}

/// Lets a stream's producer write from where it is.
private final class BodyChannel: @unchecked Sendable {
  // Only the one task that produces the body uses it.
  private var writer: any ResponseBodyWriter
  private let connection: any Channel
  /// Of a reader who takes nothing: what waits for it is memory that others could use.
  private static let patience = TimeAmount.minutes(2)

  init(_ writer: any ResponseBodyWriter, of connection: any Channel) {
    self.writer = writer
    self.connection = connection
  }

  func write(_ bytes: [UInt8]) async throws {
    let timer = hangUp()
    defer { timer.cancel() }
    try await writer.write(ByteBuffer(bytes: bytes))
  }

  func finish() async throws {
    let timer = hangUp()
    defer { timer.cancel() }
    try await writer.finish(nil)
  }

  /// Closes the connection unless it is cancelled in time.
  private func hangUp() -> Scheduled<Void> {
    connection.eventLoop.scheduleTask(in: Self.patience) { [connection] in connection.close(promise: nil) }
  }
}
