import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage
import Synchronization

/// The current version of jobs that are submitted to, so that not each submission reads the store.
///
/// This server makes all changes of jobs, and is told of each before whoever asked for it is answered. What is
/// nevertheless old (after a commit whose outcome was unknown) is found out by the store.
final class JobCache: EventConsumer {
  private static let limit = 10_000

  private struct Key: Hashable {
    var app: String
    var name: String
  }

  private struct State {
    var versions: [Key: JobVersion] = [:]
    /// Grows with each change of a job: what was read before it may be old.
    var changes: UInt64 = 0
  }

  private let state = Mutex(State())

  /// The job that bears this name now; nil when there is none.
  func version(app: String, name: String, in store: any Store) async throws(StoreError) -> JobVersion? {
    let key = Key(app: app, name: name)
    let (known, changes) = state.withLock { ($0.versions[key], $0.changes) }
    if let known { return known }
    guard let job = try await store.job(app: app, name: name) else { return nil }
    let version = JobVersion(job)
    state.withLock { state in
      guard state.changes == changes else { return }
      if state.versions.count >= Self.limit { state.versions.removeAll() }
      state.versions[key] = version
    }
    return version
  }

  func consume(_ events: [ClusterEvent], at time: Timestamp) {
    for case .core(let notice) in events {
      switch notice {
      case .jobStored(let job):
        state.withLock { state in
          state.changes += 1
          state.versions[Key(app: job.app, name: job.spec.name)] = nil
        }
      case .owned, .resigned:
        state.withLock { state in
          state.changes += 1
          state.versions.removeAll()
        }
      default: break
      }
    }
  }
}
