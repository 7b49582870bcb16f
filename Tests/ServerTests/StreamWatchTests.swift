import Foundation
import SwitchyardCore
import SwitchyardModel
import SwitchyardSystem
import Synchronization
import Testing

@testable import SwitchyardServer

@Suite(.timeLimit(.minutes(1)))
final class StreamWatchTests: Sendable {
  private let folder = NSTemporaryDirectory() + "switchyard-streams-\(UInt64.random(in: 0 ... .max))"
  private let tokens: TokenDirectory
  private let counted = Mutex<[String]>([])

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    tokens = try TokenDirectory(directory: folder)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func watch() -> StreamWatch {
    StreamWatch(tokens: tokens) { name in self.counted.withLock { $0.append(name) } }
  }

  private func caller(_ secret: String, endsAt: Timestamp? = nil) async throws -> Caller {
    let record = TokenRecord(
      id: TokenID(rawValue: 1), name: "t", role: .join, apps: .all, hash: TokenText.hash(of: secret),
      createdAt: Timestamp(seconds: 0), expiresAt: endsAt)
    await tokens.load { [record] }
    return try tokens.caller(secret, at: SystemClock.wall())
  }

  /// - Returns: why the stream was refused; nil: it was not, and nothing ends it.
  private func refusal(_ outbox: Outbox) async -> Refusal? {
    guard outbox.closing.isSet, case .refused(let code, _)? = await outbox.next()?.first else { return nil }
    return code
  }

  private func later(_ span: Span) -> Instants {
    let now = SystemClock.now()
    return Instants(wall: now.wall + span, boot: now.boot + span)
  }

  @Test func whoSaysNothingIsRefusedAfterAWhile() async throws {
    let watch = watch(), silent = Outbox(), greeted = Outbox(), gone = Outbox()
    let caller = try tokens.caller(
      String(contentsOfFile: "\(folder)/worker-token", encoding: .utf8).trimmingCharacters(in: .newlines),
      at: SystemClock.wall())
    for (number, outbox) in [silent, greeted, gone].enumerated() {
      watch.enter(ConnectionID(UInt64(number)), caller, outbox)
    }
    watch.greeted(ConnectionID(1))
    watch.leave(ConnectionID(2))
    watch.look(at: later(.seconds(29)))
    #expect(!silent.closing.isSet)
    watch.look(at: later(.seconds(31)))
    watch.look(at: later(.seconds(31)))
    #expect(await refusal(silent) == .invalid)
    #expect(!greeted.closing.isSet && !gone.closing.isSet)
    #expect(counted.withLock { $0 } == ["hello.missing"])
  }

  @Test func aTokenThatExpiresEndsItsStreams() async throws {
    let watch = watch(), outbox = Outbox(), secret = TokenText.make()
    let caller = try await caller(secret, endsAt: SystemClock.wall() + .seconds(60))
    watch.enter(ConnectionID(1), caller, outbox)
    watch.greeted(ConnectionID(1))
    watch.look(at: later(.seconds(55)))
    #expect(!outbox.closing.isSet)
    watch.look(at: later(.seconds(61)))
    #expect(await refusal(outbox) == .unauthorized)
  }

  @Test func aTokenThatIsRevokedEndsItsStreamsAtOnce() async throws {
    let watch = watch(), outbox = Outbox(), secret = TokenText.make()
    watch.enter(ConnectionID(1), try await caller(secret), outbox)
    watch.greeted(ConnectionID(1))
    let running = Task { await watch.run() }
    tokens.apply(.revokeToken(TokenID(rawValue: 1), at: SystemClock.wall()))
    await outbox.closing.wait()
    #expect(await refusal(outbox) == .unauthorized)
    running.cancel()
    await running.value
  }
}
