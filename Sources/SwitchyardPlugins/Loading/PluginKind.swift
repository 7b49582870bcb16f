package import CSwitchyard

/// The extensions of the ABI: what a plugin can offer.
package enum PluginKind: String, CaseIterable, Sendable {
  case filter, scorer, balancer, prepare, observer, state, commands, metrics

  var extensionID: String { "switchyard.\(rawValue)/1" }
}

/// The extensions of one plugin: copied once, at load, and never read from the plugin's memory again (rule 6). What a
/// plugin was built without is zero.
package struct PluginTables: @unchecked Sendable {
  package var filter: sy_filter?
  package var scorer: sy_scorer?
  package var balancer: sy_balancer?
  package var prepare: sy_prepare?
  package var observer: sy_observer?
  package var state: sy_state?
  package var commands: sy_commands?
  package var metrics: sy_metrics?

  package var kinds: [PluginKind] {
    PluginKind.allCases.filter { kind in
      switch kind {
      case .filter: filter != nil
      case .scorer: scorer != nil
      case .balancer: balancer != nil
      case .prepare: prepare != nil
      case .observer: observer != nil
      case .state: state != nil
      case .commands: commands != nil
      case .metrics: metrics != nil
      }
    }
  }
}
