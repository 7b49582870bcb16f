import Hummingbird
import NIOCore

/// The body of a request, read as it is wanted: what is not read yet waits at its sender.
final class BodyStream: @unchecked Sendable {
  // Only the one task that produces the answer uses it.
  private let read: () async throws -> ByteBuffer?

  init(_ request: Request) {
    var iterator = request.body.makeAsyncIterator()
    read = { try await iterator.next() }
  }

  /// The next bytes; nil at the end.
  func next() async throws -> [UInt8]? { try await read().map { Array($0.readableBytesView) } }
}
