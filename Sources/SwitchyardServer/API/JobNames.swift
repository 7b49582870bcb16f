import SwitchyardModel
import Synchronization

/// A bounded memory of jobs' names, which never change for an identity.
final class JobNames: Sendable {
  private static let limit = 10_000
  private let names = Mutex<[JobID: String]>([:])

  subscript(job: JobID) -> String? {
    get { names.withLock { $0[job] } }
    set {
      names.withLock { names in
        if names.count >= Self.limit { names.removeAll() }
        names[job] = newValue
      }
    }
  }
}
