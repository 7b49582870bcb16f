import Logging
import SwitchyardCore
import SwitchyardModel
import Synchronization

/// Publishes what happened: to those who wait for the end of an instance, to the log, to counters.
final class NoticeBoard: Sendable {
  private struct State {
    var waiting: [InstanceID: [Signal]] = [:]
    var counters: [String: UInt64] = [:]
  }

  private let state = Mutex(State())
  private let logger: Logger

  init(logger: Logger) { self.logger = logger }

  /// How often each thing happened since the start, by bounded names.
  var counters: [String: UInt64] { state.withLock { $0.counters } }

  /// Calls `body` while watching the instance, so that an end between two looks at the store is not missed.
  func watching<T>(_ instance: InstanceID, _ body: (Signal) async throws -> T) async rethrows -> T {
    let signal = Signal()
    state.withLock { $0.waiting[instance, default: []].append(signal) }
    defer {
      state.withLock { state in
        state.waiting[instance]?.removeAll { $0 === signal }
        if state.waiting[instance]?.isEmpty == true { state.waiting[instance] = nil }
      }
    }
    return try await body(signal)
  }

  func publish(_ notice: ServerNotice) {
    switch notice {
    case .instance(let id, _, _, let state, _, _):
      count("instances.\(state.name)")
      if state.isTerminal { ended(id) }
    case .started: count("attempts.started")
    case .jobStored(let job):
      logger.info(
        "job stored", metadata: ["app": "\(job.app)", "job": "\(job.spec.name)", "version": "\(job.version)"])
    case .workerJoined(let ref, let session):
      logger.info("worker joined", metadata: ["worker": "\(ref)", "session": "\(session)"])
    case .workerSuspended(let ref): logger.warning("worker's stream broke", metadata: ["worker": "\(ref)"])
    case .workerJudged(let ref, let verdict):
      logger.warning("worker is gone", metadata: ["worker": "\(ref)", "verdict": "\(verdict)"])
    case .owned(let shards): logger.info("owns its shards", metadata: ["shards": "\(shards)"])
    case .resigned(let reason): logger.error("resigned its shards", metadata: ["reason": "\(reason)"])
    case .counted(let name):
      count(name)
      logger.debug("counted", metadata: ["name": "\(name)"])
    }
  }

  private func count(_ name: String) { state.withLock { $0.counters[name, default: 0] += 1 } }

  private func ended(_ instance: InstanceID) {
    for signal in state.withLock({ $0.waiting[instance] ?? [] }) { signal.signal() }
  }
}
