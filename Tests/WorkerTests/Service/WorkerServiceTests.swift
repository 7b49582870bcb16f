import Foundation
import Glibc
import Logging
import ServiceLifecycle
import SwitchyardModel
import SwitchyardSystem
import Testing

@testable import SwitchyardWorker

/// A whole worker: real gRPC, real shims.
@Suite(.timeLimit(.minutes(1)))
struct WorkerServiceTests {
  private func configuration(_ temporary: TemporaryDirectory, port: Int) -> WorkerConfiguration {
    var configuration = WorkerConfiguration(
      name: "w-1", dataDirectory: temporary.path + "/data", servers: [ServerAddress(host: "127.0.0.1", port: port)],
      token: "secret", shimPath: shimPath)
    configuration.environment = ["PATH": "/usr/bin:/bin"]
    configuration.tags = ["blue"]
    configuration.site = "east"
    configuration.version = "1"
    return configuration
  }

  private var logger: Logger {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return logger
  }

  /// Runs a worker as a program does, while `body` runs; then shuts it down gracefully.
  private func withWorker(
    _ configuration: WorkerConfiguration, _ body: @Sendable (ServiceGroup) async throws -> Void
  ) async throws {
    let service = try WorkerService(configuration: configuration, logger: logger)
    let group = ServiceGroup(services: [service], logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      try await body(group)
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
    }
  }

  @Test func runsJobsForAServer() async throws {
    let temporary = try TemporaryDirectory()
    let server = FakeServer()
    try await server.run { port in
      try await withWorker(configuration(temporary, port: port)) { group in
        let session = await server.sessions.first { _ in true }
        let hello = try #require(await session.hello())
        #expect(hello.ref.name == "w-1")
        #expect(hello.profile.tags == ["blue"])
        #expect(hello.profile.site == "east")
        #expect(hello.profile.slots == 8)
        session.welcome()

        let job = assignment(shell("echo hello; printf 42 > $SWITCHYARD_RESULT"))
        session.send(.dispatch(job), .dispatch(assignment(.noop(duration: .zero), instance: 8)))
        let result = try #require(await session.result(job.attempt))
        #expect(result.outcome == .succeeded)
        #expect(result.result == "42")
        let log = session.received.all.flatMap { message -> [UInt8] in
          if case .log(let chunk) = message { chunk.bytes } else { [] }
        }
        #expect(String(decoding: log, as: UTF8.self) == "hello\n")
        let noop = AttemptRef(instance: InstanceID(rawValue: 8), attempt: 1)
        #expect(await session.result(noop)?.outcome == .succeeded)

        // Drained: what runs may finish, good-bye is last.
        let last = assignment(shell("sleep 0.2"), instance: 9)
        session.send(.resultAck(job.attempt), .resultAck(noop), .dispatch(last))
        _ = await session.received.first { if case .accepted(last.attempt, _) = $0 { true } else { false } }
        await group.triggerGracefulShutdown()
        _ = await session.received.first { $0 == .draining }
        #expect(await session.result(last.attempt)?.outcome == .succeeded)
        session.send(.resultAck(last.attempt))
        _ = await session.received.first { $0 == .goodbye }
      }
    }
  }

  @Test func comesBackAfterTheStreamBroke() async throws {
    let temporary = try TemporaryDirectory()
    let server = FakeServer()
    try await server.run { port in
      try await withWorker(configuration(temporary, port: port)) { group in
        let first = await server.sessions.first { _ in true }
        let hello = try #require(await first.hello())
        first.welcome()
        let job = assignment(shell("sleep 0.3; echo done"))
        first.send(.dispatch(job))
        _ = await first.received.first { if case .accepted = $0 { true } else { false } }
        first.close()

        let second = await server.sessions.first { $0 !== first }
        let again = try #require(await second.hello())
        #expect(again.ref == hello.ref)
        #expect(again.inventory.map(\.attempt) == [job.attempt])
        second.welcome()
        #expect(await second.result(job.attempt)?.outcome == .succeeded)
        second.send(.resultAck(job.attempt))
        await group.triggerGracefulShutdown()
        _ = await second.received.first { $0 == .goodbye }
      }
    }
  }

  @Test func drainHasADeadline() async throws {
    let temporary = try TemporaryDirectory()
    let server = FakeServer()
    try await server.run { port in
      var configuration = configuration(temporary, port: port)
      configuration.drainTimeout = .milliseconds(100)
      try await withWorker(configuration) { group in
        let session = await server.sessions.first { _ in true }
        _ = await session.hello()
        session.welcome()
        let job = assignment(shell("sleep 1000"))
        session.send(.dispatch(job))
        _ = await session.received.first { if case .accepted = $0 { true } else { false } }
        await group.triggerGracefulShutdown()
        #expect(await session.result(job.attempt)?.outcome == .isolated)
        session.send(.resultAck(job.attempt))
        _ = await session.received.first { $0 == .goodbye }
      }
    }
  }

  @Test func leavesWithoutAServer() async throws {
    let temporary = try TemporaryDirectory()
    try await withWorker(configuration(temporary, port: 1)) { _ in }
  }

  @Test func waitsForWhatAnEarlierStartLeft() async throws {
    let temporary = try TemporaryDirectory()
    try FileManager.default.createDirectory(atPath: temporary.path + "/data", withIntermediateDirectories: true)
    let shim = open(temporary.path + "/data/worker.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    flock(shim, LOCK_EX)
    var impatient = configuration(temporary, port: 1)
    impatient.lockTimeout = .milliseconds(10)
    let refused = try WorkerService(configuration: impatient, logger: logger)
    let error = await #expect(throws: WorkerError.self) { try await refused.run() }
    #expect(error?.code == .stillRunning)

    let server = FakeServer()
    try await server.run { port in
      try await withWorker(configuration(temporary, port: port)) { _ in
        close(shim)
        let session = await server.sessions.first { _ in true }
        _ = await session.hello()
        session.welcome()
      }
    }
  }
}
