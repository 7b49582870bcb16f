import Foundation
import Logging
import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage
import Synchronization
import Testing

@testable import SwitchyardServer

@Suite struct RetentionTests {
  private static let day = Span.seconds(86_400)
  private let now = Timestamp(seconds: 1_800_000_000)
  private let server = ServerRef(id: "s", incarnation: 1)
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  /// A store in memory, a directory of logs, and what sweeps them.
  private func withScene(
    _ rules: RetentionRules, _ body: (Retention, LogStore, Clerk) async throws -> Void
  ) async throws {
    let directory = NSTemporaryDirectory() + "switchyard-retention-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let store = ModelStore()
    let clerk = Clerk(store: store, server: server, claim: try await store.claim(Shard.all, for: server))
    let logs = LogStore(directory: directory, bound: 1 << 20)
    let observers = Observers(incarnation: 1, logger: logger)
    try await body(
      Retention(rules: rules, server: server, store: store, logs: logs, observers: observers, logger: logger), logs,
      clerk)
    logs.close()
  }

  /// Writes as the owner of all shards.
  private struct Clerk {
    let store: ModelStore
    let server: ServerRef
    let claim: Claim

    func apply(_ shard: Shard, _ verbs: StoreOp.Verb...) async throws {
      let epoch = claim.shards[Int(shard.number)].epoch
      let outcome = await store.commit(
        CommitGroup(server: server, ops: verbs.map { StoreOp(.shard(shard, epoch), $0) }))
      try #require(outcome == .done(verbs.map { _ in .applied }))
    }

    func create(_ job: JobID, at time: Timestamp) async throws {
      try await apply(
        Shard(of: job),
        .createJob(
          Job(
            id: job, app: "a", spec: JobSpec(name: "\(job)", processor: .noop(duration: .zero)), anchor: time,
            createdAt: time, updatedAt: time)))
    }

    /// An instance that was made and came to its end at this time.
    func finish(_ id: InstanceID, of job: JobID, at time: Timestamp) async throws {
      let instance = Instance(
        id: id, job: job, jobVersion: 1, app: "a", shard: Shard(of: job), occurrence: .submitted(id), readyAt: time,
        dueAt: time, createdAt: time)
      try await apply(
        Shard(of: job), .createInstance(instance, nil),
        .settle(Settlement(instance: id, attempt: 0, from: .waiting, to: .cancelled, at: time)))
    }
  }

  private func identity(at time: Timestamp, _ number: UInt64 = 0) -> UInt64 {
    IDGenerator.lowest(at: time) + number
  }

  private func write(_ text: String, to ref: AttemptRef, of logs: LogStore) async {
    logs.append(LogChunk(attempt: ref, offset: 0, bytes: Array(text.utf8)), from: ConnectionID(1)) { _ in }
    await logs.settled()
  }

  @Test func whatIsOldIsForgottenAndWhatIsYoungStays() async throws {
    try await withScene(RetentionRules(age: .seconds(30 * 86_400))) { retention, logs, clerk in
      let old = now + Span(nanoseconds: -31 * Self.day.nanoseconds)
      let young = now + Span(nanoseconds: -29 * Self.day.nanoseconds)
      let job = JobID(rawValue: identity(at: old))
      try await clerk.create(job, at: old)
      var ids: [InstanceID] = []
      for number in 1...200 as ClosedRange<UInt64> {
        let time = number <= 150 ? old : young
        ids.append(InstanceID(rawValue: identity(at: time, number)))
        try await clerk.finish(ids[Int(number) - 1], of: job, at: time)
      }
      #expect(await retention.sweep(rarely: true, at: now) == 150)
      let left = try await clerk.store.instances(InstanceFilter(), before: nil, limit: 999).map(\.id)
      #expect(left == ids[150...].reversed())
      #expect(retention.observers.meter.counters["retention.instances"] == 150)
      #expect(await retention.sweep(rarely: true, at: now) == 0)
      _ = logs
    }
  }

  @Test func aBusyJobKeepsItsNewestInstances() async throws {
    try await withScene(RetentionRules(instancesPerJob: 100)) { retention, _, clerk in
      let job = JobID(rawValue: identity(at: now))
      try await clerk.create(job, at: now)
      for number in 1...300 as ClosedRange<UInt64> {
        try await clerk.finish(InstanceID(rawValue: identity(at: now, number)), of: job, at: now)
      }
      // Until chance has taken it into the sample; of 20,000 endings that does not happen once in 10^8 times.
      for _ in 0..<20_000 {
        retention.observers.bus.publish(
          .core(
            .instance(
              InstanceID(rawValue: 1), job: job, app: "a", state: .succeeded, attempt: 1, worker: nil)))
      }
      #expect(await retention.sweep(rarely: false, at: now + .seconds(1)) == 200)
      let left = try await clerk.store.instances(InstanceFilter(), before: nil, limit: 999)
      #expect(left.count == 100)
      #expect(left.last?.id == InstanceID(rawValue: identity(at: now, 201)))
    }
  }

  @Test func logsGoWithTheirInstancesAndTheOldestWhenThereAreTooMany() async throws {
    try await withScene(RetentionRules(logBytes: 10_000)) { retention, logs, _ in
      let refs = (1...20 as ClosedRange<UInt64>).map { AttemptRef(instance: InstanceID(rawValue: $0), attempt: 1) }
      for ref in refs { await write(String(repeating: "x", count: 980), to: ref, of: logs) }
      logs.remove([EndedInstance(id: refs[19].instance, job: JobID(rawValue: 1), attempts: 1)])
      await logs.settled()
      #expect(logs.read(refs[19], from: 0).bytes.isEmpty)
      #expect(!logs.read(refs[18], from: 0).bytes.isEmpty)
      _ = await retention.sweep(rarely: false, at: now)
      await logs.settled()
      let left = refs.filter { !logs.read($0, from: 0).bytes.isEmpty }
      #expect(left == Array(refs[10..<19]), "each takes 1,000 bytes; nine tenths of the bound are left")
      #expect(logs.bytes.load(ordering: .relaxed) == 9_000)
    }
  }
}
