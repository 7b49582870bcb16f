import SwitchyardModel
package import SwitchyardStorage
import Testing

/// Applies one random history to a store and to ``ModelState``, and compares every answer and, from time to
/// time and at the end, everything that can be read.
package struct RandomHistory: Sendable, CustomTestStringConvertible {
  /// Names the history: the same seed makes the same one.
  package var seed: UInt64
  package var groups: Int

  package init(seed: UInt64, groups: Int = 24) {
    self.seed = seed
    self.groups = groups
  }

  package var testDescription: String { "history of seed \(seed)" }

  /// - Parameter store: empty.
  package func check(_ store: any Store) async throws {
    var generator = HistoryGenerator(seed: seed)
    var model = ModelState()
    for group in 0..<groups {
      if generator.wantsClaim(first: group == 0) {
        let (shards, server) = generator.claim()
        let expected = Result { () throws(StoreError) in try model.claim(shards, for: server) }
        let found = await claim(shards, server, of: store)
        #expect(found == expected, "seed \(seed), claim before group \(group)")
      }
      let commit = generator.group(on: model)
      let expected = model.apply(commit)
      let found = await store.commit(commit)
      guard found == expected else {
        Issue.record("seed \(seed), group \(group): \(difference(commit, expected, found))")
        return
      }
      if group % 8 == 7 || group == groups - 1 {
        try await compare(store, model, generator: &generator, "seed \(seed), after group \(group)")
      }
    }
  }

  private func claim(_ shards: [Shard], _ server: ServerRef, of store: any Store) async -> Result<Claim, StoreError> {
    do { return .success(try await store.claim(shards, for: server)) } catch { return .failure(error) }
  }

  private func difference(_ group: CommitGroup, _ expected: CommitOutcome, _ found: CommitOutcome) -> String {
    guard case .done(let wanted) = expected, case .done(let got) = found, wanted.count == got.count else {
      return "expected \(expected), found \(found)"
    }
    let index = wanted.indices.first { wanted[$0] != got[$0] } ?? 0
    return "operation \(index) answered \(got[index]) instead of \(wanted[index]): \(group.ops[index])"
  }

  // MARK: Reads

  private func compare(
    _ store: any Store, _ model: ModelState, generator: inout HistoryGenerator, _ place: String
  ) async throws {
    for request in generator.ownerReads() {
      let (found, expected) = (try await store.read(request), model.read(request))
      #expect(found == expected, "\(place): \(request)")
      // Definitions are equal by identity; the specs must be too.
      #expect(found.specs == expected.specs, "\(place): \(request)")
    }
    for (app, cursor, limit) in generator.jobLists() {
      let found = try await store.jobs(app: app, after: cursor, limit: limit)
      #expect(found == model.jobs(app: app, after: cursor, limit: limit), "\(place): jobs of \(app ?? "all")")
    }
    for (filter, before, limit) in generator.instanceLists() {
      let found = try await store.instances(filter, before: before, limit: limit)
      let expected = model.instances(filter, before: before, limit: limit)
      #expect(found == expected, "\(place): \(filter) before \(String(describing: before)), \(limit)")
    }
    for id in HistoryGenerator.instanceIDs {
      #expect(try await store.instance(id) == model.instance(id), "\(place): instance \(id)")
      #expect(try await store.attempts(of: id) == model.attempts(of: id), "\(place): attempts of \(id)")
    }
    for job in HistoryGenerator.jobIDs {
      for second in [0, 4, 9] as [Int64] {
        let time = Timestamp(seconds: second)
        let found = try await store.dueRecord(of: job, by: time)
        #expect(found == model.dueRecord(of: job, by: time), "\(place): due record of \(job) by \(second)")
      }
    }
    for name in HistoryGenerator.jobNames {
      #expect(try await store.job(app: "a", name: name) == model.job(app: "a", name: name), "\(place): job \(name)")
    }
    for (before, after, below, limit) in generator.endedLists() {
      let found = try await store.ended(before: before, after: after, below: below, limit: limit)
      #expect(found == model.ended(before: before, after: after, below: below, limit: limit), "\(place): ended")
    }
    for job in HistoryGenerator.jobIDs {
      for (count, limit) in [(1, 99), (3, 2)] {
        let found = try await store.ended(of: job, beyond: count, limit: limit)
        #expect(found == model.ended(of: job, beyond: count, limit: limit), "\(place): ended of \(job)")
      }
    }
    for limit in [1, 9] {
      let found = try await store.deletedJobs(before: .distantFuture, after: JobID(rawValue: 2), limit: limit)
      let expected = model.deletedJobs(before: .distantFuture, after: JobID(rawValue: 2), limit: limit)
      #expect(found == expected, "\(place): deleted jobs")
    }
    #expect(try await store.activeCounts() == model.activeCounts(), "\(place): counts")
    #expect(try await store.workers(after: nil, limit: 99) == model.workers(after: nil, limit: 99), "\(place): workers")
    #expect(try await store.policies() == model.policies(), "\(place): policies")
    #expect(try await store.tokens() == model.tokens(), "\(place): tokens")
    #expect(try await store.apps() == model.apps(), "\(place): apps")
    for (filter, before, limit) in generator.auditLists() {
      let found = try await store.audit(filter, before: before, limit: limit)
      #expect(found == model.audit(filter, before: before, limit: limit), "\(place): \(filter)")
    }
    #expect(try await store.policy(app: "a", revision: 1) == model.policy(app: "a", revision: 1), "\(place): policy")
  }
}

extension OwnerPage {
  fileprivate var specs: [JobSpec] {
    if case .instances(let page) = self { page.map(\.definition.spec) } else { [] }
  }
}
