import CPluginHost
import CSwitchyard
import SwitchyardModel
import SwitchyardPlugins

/// One strategy of a policy at its place in the pipeline: an instance in one lane.
final class Stage {
  let instance: PluginInstance
  /// In the pipeline, from 0; goes into the dice (rule 3).
  let position: UInt32
  let configuration: String
  /// The generation for which it has built what it derives; 0: none.
  var prepared: UInt64 = 0
  /// When it wants to be prepared again; `.max`: only on change.
  var nextPrepare: Monotonic = .max
  /// Of `explain()`: not asked more often than that, however many are refused.
  var nextExplain: Monotonic = .min
  var explained = ""
  var events: EventBuffer?

  init(instance: PluginInstance, position: UInt32, configuration: String) {
    self.instance = instance
    self.position = position
    self.configuration = configuration
    if let observer = instance.plugin.tables.observer { events = EventBuffer(observer) }
  }

  var id: String { instance.plugin.id }
  var tables: PluginTables { instance.plugin.tables }
  var counters: PluginCounters { instance.plugin.counters }

  /// How often it wants to be prepared: at least 10 ms apart; nil: only on change.
  var preparePeriod: Int64? {
    guard let period = tables.prepare?.period_ns, period > 0 else { return nil }
    return max(period, Span.milliseconds(10).nanoseconds)
  }
}
