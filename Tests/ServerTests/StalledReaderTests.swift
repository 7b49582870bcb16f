import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOEmbedded
import Testing

@testable import SwitchyardServer

@Suite(.timeLimit(.minutes(1)))
struct StalledReaderTests {
  @Test("a connection whose reader takes nothing of a stream for two minutes is closed")
  func closed() async throws {
    let channel = NIOAsyncTestingChannel()
    let (isWriting, isClosed) = (Signal(), Signal())
    channel.closeFuture.whenComplete { _ in isClosed.signal() }
    let response = APIResponse.stream(contentType: "text/plain") { write in try await write([1]) }
      .response(on: channel, until: { await Signal().wait() })
    let body = response.body
    async let written: Void? = try? await body.write(StalledWriter(isWriting: isWriting, isClosed: isClosed))
    await isWriting.wait()
    await channel.testingEventLoop.advanceTime(by: .seconds(119))
    #expect(!isClosed.isSet)
    await channel.testingEventLoop.advanceTime(by: .seconds(1))
    await isClosed.wait()
    _ = await written
  }
}

/// Takes bytes when the connection closes, and not before.
private struct StalledWriter: ResponseBodyWriter {
  let isWriting: Signal
  let isClosed: Signal

  func write(_ buffer: ByteBuffer) async throws {
    isWriting.signal()
    await isClosed.wait()
  }

  consuming func finish(_ trailers: HTTPFields?) async throws {}
}
