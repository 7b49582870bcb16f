import SwitchyardModel
import SwitchyardPlugins

/// Brings policies to life, off the lanes: finds the plugins, makes and activates the instances. All or nothing.
struct PipelineFactory: Sendable {
  static let strategyLimit = 32
  let registry: PluginRegistry
  let lanes: UInt32

  func make(
    _ policy: Policy, app: String, revision: UInt64, lane: UInt32, seatLimit: UInt32, wake: WakeFlag
  ) throws(PlacementError) -> Pipeline {
    guard policy.filters.count + policy.scorers.count <= Self.strategyLimit else {
      throw PlacementError(.invalid, "a policy has at most \(Self.strategyLimit) filters and scorers")
    }
    let purpose = PluginInstance.Purpose(role: .place, lane: lane, lanes: lanes, seatLimit: seatLimit)
    var made: [Stage] = []
    do throws(PlacementError) {
      for (index, strategy) in policy.filters.enumerated() {
        made.append(try stage(strategy, .filter, "filters[\(index)]", made.count, purpose, wake))
      }
      for (index, strategy) in policy.scorers.enumerated() {
        made.append(try stage(strategy, .scorer, "scorers[\(index)]", made.count, purpose, wake))
      }
      made.append(try stage(policy.balancer, .balancer, "balancer", made.count, purpose, wake))
    } catch {
      for stage in made { stage.instance.retire() }
      throw error
    }
    let (filters, scorers) = (policy.filters.count, policy.scorers.count)
    return Pipeline(
      app: app, revision: revision, policy: policy, seatLimit: seatLimit, filters: Array(made[..<filters]),
      scorers: Array(made[filters..<(filters + scorers)]), balancer: made[filters + scorers], wake: wake)
  }

  private func stage(
    _ strategy: Policy.Strategy, _ kind: PluginKind, _ path: String, _ position: Int,
    _ purpose: PluginInstance.Purpose, _ wake: WakeFlag
  ) throws(PlacementError) -> Stage {
    do throws(PluginError) {
      let plugin = try registry.plugin(strategy.plugin, as: kind)
      let instance = try PluginInstance.make(
        plugin, for: purpose, configuration: strategy.configuration, services: registry.services { wake.raise() },
        timeout: registry.options.controlTimeout)
      return Stage(instance: instance, position: UInt32(position), configuration: strategy.configuration)
    } catch {
      let code: PlacementError.Code =
        switch error.code {
        case .missing: .missing
        case .configuration: .configuration
        default: .failed
        }
      throw PlacementError(code, path: path, error.message)
    }
  }
}
