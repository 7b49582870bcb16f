import SwitchyardModel
import Testing

@testable import SwitchyardWorker

@Suite(.timeLimit(.minutes(1)))
struct OutboundQueueTests {
  private let ref = AttemptRef(instance: InstanceID(rawValue: 1), attempt: 1)

  private func chunk(_ bytes: Int) -> WorkerMessage {
    .log(LogChunk(attempt: ref, offset: 0, bytes: Array(repeating: 1, count: bytes)))
  }

  @Test func gathersWhatIsThere() async throws {
    let queue = OutboundQueue()
    queue.append([.accepted(ref, startedAt: Timestamp(seconds: 1))])
    queue.append([.draining, .goodbye])
    queue.finish()
    #expect(try await queue.nextFrame() == [.accepted(ref, startedAt: Timestamp(seconds: 1)), .draining, .goodbye])
    #expect(try await queue.nextFrame() == nil)
  }

  @Test func waitsForSomething() async throws {
    let queue = OutboundQueue()
    async let frame = queue.nextFrame()
    queue.append([.draining])
    #expect(try await frame == [.draining])
  }

  @Test func heartbeatsOvertakeLogs() async throws {
    let queue = OutboundQueue()
    queue.append((0..<20).map { _ in chunk(60_000) })
    #expect(queue.logBytes > 1_200_000)
    let first = try await queue.nextFrame()
    #expect((first?.count ?? 0) < 20)
    queue.append([.heartbeat(Heartbeat(sequence: 1, used: 0))])
    #expect(try await queue.nextFrame()?.first == .heartbeat(Heartbeat(sequence: 1, used: 0)))
    while queue.logBytes > 0 { _ = try await queue.nextFrame() }
  }

  @Test func helloIsAlone() async throws {
    let queue = OutboundQueue()
    let hello = Hello(
      ref: WorkerRef(name: "a", incarnation: 1), lineage: 1, profile: WorkerProfile(apps: [], slots: 1))
    queue.append([.hello(hello), .draining])
    #expect(try await queue.nextFrame() == [.hello(hello)])
    #expect(try await queue.nextFrame() == [.draining])
  }

  @Test func aServerThatDoesNotReadIsGivenUp() async {
    let queue = OutboundQueue()
    let big = chunk(1 << 20)
    for _ in 0..<300 { queue.append([big]) }
    await #expect(throws: OutboundQueue.Overflow.self) { try await queue.nextFrame() }
  }

  @Test func orderIsKeptThroughManyFrames() async throws {
    let queue = OutboundQueue()
    let count: UInt32 = 50_000
    queue.append(
      (0..<count).map {
        .accepted(AttemptRef(instance: InstanceID(rawValue: 9), attempt: $0), startedAt: Timestamp(seconds: 1))
      })
    queue.finish()
    var next: UInt32 = 0
    while let frame = try await queue.nextFrame() {
      for message in frame {
        guard case .accepted(let ref, _) = message else { continue }
        #expect(ref.attempt == next)
        next += 1
      }
    }
    #expect(next == count)
  }
}

struct ServerAddressTests {
  @Test func readsHostAndPort() throws {
    #expect(try ServerAddress(parsing: "example.org:7420") == ServerAddress(host: "example.org", port: 7420))
    #expect(try ServerAddress(parsing: "[::1]:1") == ServerAddress(host: "::1", port: 1))
    #expect(ServerAddress(host: "::1", port: 1).description == "[::1]:1")
    let secure = try ServerAddress(parsing: "https://example.org:7420")
    #expect(secure == ServerAddress(host: "example.org", port: 7420, isSecure: true))
    #expect(secure.description == "https://example.org:7420")
  }

  @Test(arguments: ["", "host", ":80", "host:", "host:0", "host:65536", "::1:80", "a b:80", "http://host:80", "[]:80", "https://", "https://host"])
  func refusesAnythingElse(text: String) {
    #expect(throws: FieldError.self) { try ServerAddress(parsing: text) }
  }

  @Test func everyServerGetsItsTurn() {
    let servers = (1...3).map { ServerAddress(host: "s", port: $0) }
    var random = SeededRandom(seed: 1)
    var first: Set<Int> = []
    for _ in 0..<100 { first.insert(ServerRotation(servers, random: &random).current?.port ?? 0) }
    #expect(first == [1, 2, 3])
    var rotation = ServerRotation(servers, random: &random)
    var seen: Set<Int> = []
    for _ in 0..<3 {
      seen.insert(rotation.current?.port ?? 0)
      rotation.advance()
    }
    #expect(seen == [1, 2, 3])
  }
}
