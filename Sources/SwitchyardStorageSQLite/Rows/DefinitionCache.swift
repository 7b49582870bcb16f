import SwitchyardModel
import Synchronization

/// Definitions that were read lately, so that instances of one version share one object and its JSON is
/// read once. Versions are immutable: an entry is never stale, until its job is forgotten.
///
/// Two generations stand in for "least recently used": when the young one is full it becomes the old one,
/// and what is used again moves back. It holds `capacity` entries at most.
final class DefinitionCache: Sendable {
  private struct Key: Hashable {
    var job: JobID
    var number: UInt32
  }

  private struct Generations {
    var young: [Key: JobVersion] = [:]
    var old: [Key: JobVersion] = [:]
  }

  private let generations = Mutex(Generations())
  private let capacity: Int

  init(capacity: Int = 16_384) { self.capacity = capacity }

  func find(_ job: JobID, _ number: UInt32) -> JobVersion? {
    let key = Key(job: job, number: number)
    return generations.withLock { generations in
      if let version = generations.young[key] { return version }
      guard let version = generations.old[key] else { return nil }
      keep(version, key, &generations)
      return version
    }
  }

  func insert(_ version: JobVersion) {
    let key = Key(job: version.job, number: version.number)
    generations.withLock { keep(version, key, &$0) }
  }

  func forget(_ job: JobID) {
    generations.withLock { generations in
      generations.young = generations.young.filter { $0.key.job != job }
      generations.old = generations.old.filter { $0.key.job != job }
    }
  }

  private func keep(_ version: JobVersion, _ key: Key, _ generations: inout sending Generations) {
    if generations.young.count >= capacity / 2 {
      generations.old = generations.young
      generations.young = [:]
    }
    generations.young[key] = version
  }
}
