import Logging
import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage
import SwitchyardSystem

/// Forgets what is old: instances that are over with their attempts and logs, definitions that nothing refers to,
/// deleted jobs, judged workers.
///
/// In small batches, each a commit of its own, with four times as long a pause after each: what runs is hardly slowed
/// down. Only rows that no owner holds in memory are touched. Which jobs have too many instances is found by
/// sampling: of a thousand endings about one names its job, so that a busy one is looked at often and a million
/// quiet ones are not counted.
struct Retention: Sendable {
  private static let batch = 64
  private static let period = Duration.seconds(60)
  /// Sweeps from one look at deleted jobs and judged workers to the next.
  private static let rareEvery = 60

  let rules: RetentionRules
  let server: ServerRef
  let store: any Store
  let logs: LogStore
  let observers: Observers
  let logger: Logger

  /// Sweeps once a minute until the task is cancelled.
  func run() async {
    var sweeps = 0
    while !Task.isCancelled {
      let forgotten = await sweep(rarely: sweeps % Self.rareEvery == 0)
      if forgotten > 0 { logger.info("forgot what is old", metadata: ["instances": "\(forgotten)"]) }
      sweeps += 1
      try? await Task.sleep(for: Self.period)
    }
  }

  /// - Parameter rarely: looks at deleted jobs and judged workers too.
  /// - Returns: how many instances were forgotten.
  func sweep(rarely: Bool, at now: Timestamp = SystemClock.wall()) async -> Int {
    let before = now - rules.age
    var sweep = Sweep(settled: now - min(rules.age, .seconds(3_600)))
    do {
      var last: InstanceID?
      repeat {
        let page = try await store.ended(
          before: before, after: last, below: InstanceID(rawValue: IDGenerator.lowest(at: before)), limit: Self.batch)
        last = page.count == Self.batch ? page.last?.id : nil
        try await forget(page, endedBefore: before, &sweep)
      } while last != nil
      for job in observers.busyJobs.take() {
        var count = 0
        repeat {
          let page = try await store.ended(of: job, beyond: rules.instancesPerJob, limit: Self.batch)
          count = try await forget(page, endedBefore: now, &sweep) ? page.count : 0
        } while count == Self.batch
      }
      if rarely { try await lookAtTheRest(before, &sweep) }
      for job in sweep.jobs {
        try await commit(.purgeJob(job, unchangedSince: sweep.settled), as: "retention.definitions")
      }
    } catch is CancellationError {
      // The server shuts down; the next one goes on.
    } catch {
      observers.bus.publish(.core(.counted("retention.failed")))
      logger.warning("cannot forget what is old", metadata: ["error": "\(error)"])
    }
    logs.keep(under: rules.logBytes)
    return sweep.instances
  }

  private struct Sweep {
    /// Jobs that have not changed since then may lose versions.
    let settled: Timestamp
    /// Jobs that lost instances.
    var jobs: Set<JobID> = []
    var instances = 0
  }

  private func lookAtTheRest(_ before: Timestamp, _ sweep: inout Sweep) async throws {
    var last: JobID?
    repeat {
      let page = try await store.deletedJobs(before: before, after: last, limit: Self.batch)
      last = page.count == Self.batch ? page.last : nil
      for job in page { try await commit(.purgeJob(job, unchangedSince: before), as: "retention.jobs") }
    } while last != nil
    var name: String?
    repeat {
      let page = try await store.workers(after: name, limit: Self.batch)
      name = page.count == Self.batch ? page.last?.ref.name : nil
      for record in page where record.verdict != nil && record.seenAt < before {
        try await commit(.purgeWorker(name: record.ref.name, judgedBefore: before), as: "retention.workers")
      }
    } while name != nil
  }

  /// - Returns: whether any of them was forgotten.
  @discardableResult
  private func forget(
    _ page: [EndedInstance], endedBefore time: Timestamp, _ sweep: inout Sweep
  ) async throws -> Bool {
    guard !page.isEmpty else { return false }
    let isDone = try await commit(
      .purgeInstances(page.map(\.id), endedBefore: time), as: "retention.instances", page.count)
    guard isDone else { return false }
    logs.remove(page)
    sweep.instances += page.count
    for instance in page { sweep.jobs.insert(instance.job) }
    return true
  }

  /// - Returns: false when there was nothing to forget.
  @discardableResult
  private func commit(_ verb: StoreOp.Verb, as name: String, _ count: Int = 1) async throws -> Bool {
    let began = ContinuousClock.now
    let outcome = await store.commit(CommitGroup(server: server, ops: [StoreOp(.server, verb)]))
    guard case .done(let results) = outcome else { throw StoreError(.unavailable, "\(outcome)") }
    try await Task.sleep(for: (ContinuousClock.now - began) * 4)
    guard results == [.applied] else { return false }
    observers.bus.publish(Array(repeating: .core(.counted(name)), count: count))
    return true
  }
}
