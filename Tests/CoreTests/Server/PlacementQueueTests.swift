import SwitchyardModel
import Testing

@testable import SwitchyardCore

/// Who is asked for, when, and in which order.
@Suite struct PlacementQueueTests {
  func definition(_ app: String = "a", tag: String = "", slots: UInt32 = 1) -> JobVersion {
    JobVersion(
      job: JobID(rawValue: 1), number: 1, app: app,
      spec: JobSpec(name: "j", processor: .noop(duration: .zero), slots: slots, tags: [tag]))
  }

  func id(_ n: Int) -> InstanceID { InstanceID(rawValue: UInt64(n)) }

  /// Takes the next batch and answers it.
  func ask(_ queue: inout PlacementQueue, nobody: (InstanceID) -> Bool = { _ in false }) -> [Int]? {
    guard let batch = queue.nextBatch() else { return nil }
    for (instance, _) in batch { _ = queue.answered(instance, foundNobody: nobody(instance)) }
    return batch.map { Int($0.instance.rawValue) }
  }

  @Test func lowestRankFirstAcrossClasses() {
    var queue = PlacementQueue(batchLimit: 3)
    for (n, rank) in [5, 1, 4, 2, 3].enumerated() {
      queue.insert(id(n), rank: Int64(rank), shard: Shard(0), definition: definition(tag: n % 2 == 0 ? "x" : "y"))
    }
    #expect(ask(&queue) == [1, 3, 4])
    #expect(ask(&queue) == [2, 0])
    #expect(ask(&queue) == nil)
  }

  @Test func oneQuestionOfAnAppAtATime() {
    var queue = PlacementQueue(batchLimit: 2)
    for n in 0..<4 { queue.insert(id(n), rank: Int64(n), shard: Shard(0), definition: definition()) }
    let batch = queue.nextBatch()
    #expect(batch?.count == 2)
    #expect(queue.nextBatch() == nil)
    for (instance, _) in batch ?? [] { _ = queue.answered(instance, foundNobody: false) }
    #expect(queue.nextBatch()?.count == 2)
  }

  @Test func appsTakeTurns() {
    var queue = PlacementQueue(batchLimit: 1)
    for n in 0..<6 { queue.insert(id(n), rank: Int64(n), shard: Shard(0), definition: definition(n < 4 ? "a" : "b")) }
    var order: [Int] = []
    while let batch = ask(&queue) { order += batch }
    #expect(order == [0, 4, 1, 5, 2, 3])
  }

  @Test func nobodySpeaksForTheClass() {
    var queue = PlacementQueue(batchLimit: 4)
    for n in 0..<100 { queue.insert(id(n), rank: Int64(n), shard: Shard(0), definition: definition(tag: "x")) }
    queue.insert(id(200), rank: 1000, shard: Shard(0), definition: definition(tag: "y"))
    var returned: [Int] = []
    let first = ask(&queue, nobody: { $0.rawValue < 100 }) ?? []
    returned += first
    for n in first { queue.insert(id(n), rank: Int64(n), shard: Shard(0), definition: definition(tag: "x")) }
    #expect(queue.isBlocked(app: "a", definition(tag: "x").requirements))
    #expect(ask(&queue) == [200])
    #expect(ask(&queue) == nil)
    // One slot was freed: one is asked for.
    queue.release(slots: 1, apps: ["a"])
    #expect(ask(&queue) == [0])
    // It got it: the class is open again and grows.
    #expect(ask(&queue)?.count == 4)
  }

  @Test func whatIsNotStoredYetDoesNotWaitBehindABlock() {
    var queue = PlacementQueue(batchLimit: 1)
    queue.insert(id(1), rank: 1, shard: Shard(0), definition: definition())
    _ = queue.nextBatch()
    queue.insert(id(2), rank: 2, shard: Shard(7), definition: definition(), isFresh: true)
    queue.insert(id(3), rank: 3, shard: Shard(0), definition: definition())
    queue.insert(id(4), rank: 4, shard: Shard(0), definition: definition(), isFresh: true)
    queue.insert(id(5), rank: 5, shard: Shard(0), definition: definition(tag: "x"), isFresh: true)
    queue.withdraw(id(4))
    _ = queue.answered(id(1), foundNobody: true)
    let stranded = queue.takeStranded()
    #expect(stranded.map(\.instance) == [id(2)], "and not what has another class, or was taken out")
    #expect(stranded.map(\.place.shard) == [Shard(7)])
    #expect(queue.takeStranded().isEmpty)
    #expect(queue.queued == 2)
    #expect(ask(&queue) == [5])
  }

  @Test func aReleaseDuringTheQuestionIsNotMissed() {
    var queue = PlacementQueue(batchLimit: 4)
    queue.insert(id(1), rank: 1, shard: Shard(0), definition: definition())
    _ = queue.nextBatch()
    queue.release(slots: 1, apps: ["a"])
    _ = queue.answered(id(1), foundNobody: true)
    queue.insert(id(1), rank: 1, shard: Shard(0), definition: definition())
    #expect(ask(&queue) == [1])
  }

  @Test func aChangeOfTheViewDuringTheQuestionIsNotMissed() {
    var queue = PlacementQueue(batchLimit: 4)
    queue.insert(id(1), rank: 1, shard: Shard(0), definition: definition())
    _ = queue.nextBatch()
    queue.viewChanged(app: nil)
    _ = queue.answered(id(1), foundNobody: true)
    queue.insert(id(1), rank: 1, shard: Shard(0), definition: definition())
    #expect(ask(&queue) == [1])
  }

  @Test func afterABlockTheFirstQuestionIsSmall() {
    var queue = PlacementQueue(batchLimit: 256)
    for n in 0..<1000 { queue.insert(id(n), rank: Int64(n), shard: Shard(0), definition: definition()) }
    for n in ask(&queue, nobody: { _ in true }) ?? [] {
      queue.insert(id(n), rank: Int64(n), shard: Shard(0), definition: definition())
    }
    queue.viewChanged(app: "a")
    #expect(ask(&queue)?.count == 16)
    #expect(ask(&queue)?.count == 32)
  }

  @Test func probingAsksOneOfEachBlockedClass() {
    var queue = PlacementQueue(batchLimit: 256)
    for n in 0..<40 {
      queue.insert(id(n), rank: Int64(n), shard: Shard(0), definition: definition(tag: "\(n % 4)"))
    }
    for n in ask(&queue, nobody: { _ in true }) ?? [] {
      queue.insert(id(n), rank: Int64(n), shard: Shard(0), definition: definition(tag: "\(n % 4)"))
    }
    #expect(ask(&queue) == nil)
    queue.probe()
    #expect(ask(&queue, nobody: { _ in true }) == [0, 1, 2, 3])
  }

  @Test func withdrawnIsNotAskedForAndLeavesNoGarbage() {
    var queue = PlacementQueue(batchLimit: 8)
    for round in 0..<10_000 {
      queue.insert(id(round), rank: Int64(round), shard: Shard(0), definition: definition())
      queue.withdraw(id(round))
    }
    queue.insert(id(1), rank: 5, shard: Shard(0), definition: definition())
    queue.insert(id(2), rank: 4, shard: Shard(0), definition: definition())
    queue.withdraw(id(2))
    #expect(ask(&queue) == [1])
    #expect(queue.queued == 0)
  }

  @Test func abandonedAnswersAreAwaited() {
    var queue = PlacementQueue(batchLimit: 8)
    for n in 0..<3 { queue.insert(id(n), rank: 0, shard: Shard(0), definition: definition()) }
    _ = queue.nextBatch()
    queue.abandon()
    #expect(queue.abandoned == 3)
    #expect(queue.outstanding == 0)
    queue.answeredAbandoned()
    #expect(queue.abandoned == 2)
  }
}
