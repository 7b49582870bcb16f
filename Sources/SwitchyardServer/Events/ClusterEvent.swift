import SwitchyardCore
import SwitchyardModel

/// What happens to a server and its cluster, as those hear of it who want to know.
enum ClusterEvent: Sendable {
  /// The core says so; what it says is durable.
  case core(ServerNotice)
  case policyStored(app: String, revision: UInt64)
  case policyLive(app: String, revision: UInt64)
  /// The one before goes on.
  case policyFailed(app: String, revision: UInt64, reason: String)
  case pluginLoaded(id: String, version: String, generation: UInt64)
  case pluginRefused(file: String, reason: String)
  /// The store refuses to write, for this reason.
  case storeRefuses(reason: String)
  case storeWritesAgain
}
