import Logging
import SwitchyardCore
import SwitchyardModel

/// Writes log lines of what an operator wants to find there; instances come and go without one.
struct EventLogger: EventConsumer {
  let logger: Logger

  func consume(_ events: [ClusterEvent], at time: Timestamp) {
    for event in events {
      switch event {
      case .core(let notice): log(notice)
      case .policyStored: break
      case .policyLive(let app, let revision):
        logger.info("policy is live", metadata: ["app": "\(app)", "revision": "\(revision)"])
      case .policyFailed(let app, let revision, let reason):
        logger.error(
          "policy cannot be made live", metadata: ["app": "\(app)", "revision": "\(revision)", "error": "\(reason)"])
      case .pluginLoaded(let id, let version, let generation):
        logger.info(
          "plugin loaded", metadata: ["plugin": "\(id)", "version": "\(version)", "generation": "\(generation)"])
      case .pluginRefused(let file, let reason):
        logger.warning("plugin refused", metadata: ["file": "\(file)", "reason": "\(reason)"])
      case .storeRefuses(let reason): logger.error("the store refuses to write", metadata: ["reason": "\(reason)"])
      case .storeWritesAgain: logger.notice("the store writes again")
      }
    }
  }

  private func log(_ notice: ServerNotice) {
    switch notice {
    case .instance, .started, .attemptEnded, .measured: break
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
    case .clockStepped(let step):
      logger.warning("the wall clock was set; nothing fires until it is steady", metadata: ["by": "\(step)"])
    case .counted(let name): logger.debug("counted", metadata: ["name": "\(name)"])
    }
  }
}
