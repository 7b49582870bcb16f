import Foundation
import SwitchyardModel
import SwitchyardStorage
import SwitchyardStorageSQLite

/// Puts jobs into a store, as the server that owns all its shards.
final class JobLoader {
  /// Due times lie all over their index: a large group writes most of its pages once, not for each few jobs.
  private static let group = 100_000

  let store: SQLiteStore
  private let server: ServerRef
  private let claim: Claim
  private var ids: IDGenerator
  private var random = SeededRandom(seed: 1)

  init(directory: String) async throws {
    var options = SQLiteOptions()
    options.cacheKiB = 512 << 10
    store = try SQLiteStore.open(at: directory, options: options)
    server = ServerRef(id: "server-1", incarnation: UInt64(Date().timeIntervalSince1970 * 1000))
    claim = try await store.claim(Shard.all, for: server)
    ids = IDGenerator(server: 1, floor: claim.idFloor)
  }

  func close() async { await store.close() }

  func now() -> Timestamp { Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970 * 1e9)) }

  /// Some second in the day that begins in two hours.
  func quietTime() -> Timestamp {
    Timestamp(seconds: now().nanoseconds / 1_000_000_000 + 7_200 + Int64(random.below(86_400 - 7_200)))
  }

  /// Stores cron jobs that fire once a day.
  ///
  /// - Parameter due: when the n-th of them fires first.
  /// - Returns: seconds, as a whole and of them those in which the store had the jobs.
  func load(
    _ count: Int, named prefix: String, due: (Int) -> Timestamp
  ) async throws -> (whole: Double, inStore: Double) {
    let began = Date()
    var inStore = 0.0
    var made = 0
    while made < count {
      var jobs: [Job] = []
      let time = now()
      while made < count, jobs.count < Self.group {
        jobs.append(try job("\(prefix)-\(made)", due(made), time))
        made += 1
      }
      let ops = jobs.map { StoreOp(.shard($0.shard, claim.shards[Int($0.shard.number)].epoch), .createJob($0)) }
      let handed = Date()
      let outcome = await store.commit(CommitGroup(server: server, ops: ops))
      inStore += Date().timeIntervalSince(handed)
      guard outcome == .done(ops.map { _ in .applied }) else { throw BenchError("the store says: \(outcome)") }
    }
    return (Date().timeIntervalSince(began), inStore)
  }

  /// Stores an instance of a job, as a submission does that finds no worker.
  func submit(_ job: Job) async throws {
    let time = now()
    let id = InstanceID(rawValue: ids.next(at: time))
    let instance = Instance(
      id: id, job: job.id, jobVersion: job.version, app: job.app, shard: Shard(of: id), occurrence: .submitted(id),
      readyAt: time, dueAt: time, createdAt: time)
    let op = StoreOp(
      .shard(instance.shard, claim.shards[Int(instance.shard.number)].epoch), .createInstance(instance, nil))
    guard await store.commit(CommitGroup(server: server, ops: [op])) == .done([.applied]) else {
      throw BenchError("an instance could not be stored")
    }
  }

  private func job(_ name: String, _ due: Timestamp, _ now: Timestamp) throws -> Job {
    let second = due.nanoseconds / 1_000_000_000 % 86_400
    let cron = try CronExpression(parsing: "\(second % 60) \(second / 60 % 60) \(second / 3_600) * * *")
    let spec = JobSpec(name: name, schedule: .cron(cron), processor: .noop(duration: .zero))
    var job = Job(
      id: JobID(rawValue: ids.next(at: now)), app: "default", spec: spec, anchor: now, createdAt: now, updatedAt: now)
    job.nextFire = due
    return job
  }
}
