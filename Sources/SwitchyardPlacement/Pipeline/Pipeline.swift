import SwitchyardModel
import SwitchyardPlugins
import Synchronization

/// One revision of an app's policy, come to life in one lane. Immutable but for what its lane keeps in the stages; it
/// is handed to the lane whole, and handed back whole when it is retired.
final class Pipeline: @unchecked Sendable {
  let app: String
  let revision: UInt64
  let policy: Policy
  let seatLimit: UInt32
  let filters: [Stage]
  let scorers: [Stage]
  let balancer: Stage
  let wake: WakeFlag

  init(
    app: String, revision: UInt64, policy: Policy, seatLimit: UInt32, filters: [Stage], scorers: [Stage],
    balancer: Stage, wake: WakeFlag
  ) {
    self.app = app
    self.revision = revision
    self.policy = policy
    self.seatLimit = seatLimit
    self.filters = filters
    self.scorers = scorers
    self.balancer = balancer
    self.wake = wake
  }

  var stages: [Stage] { filters + scorers + [balancer] }

  /// Lets go of the instances. No lane may use them any more.
  func retire() {
    for stage in stages { stage.instance.retire() }
  }
}

/// Raised by plugins from any thread, lowered by the lane.
final class WakeFlag: Sendable {
  private let isRaised = Atomic<Bool>(false)
  private let poke: @Sendable () -> Void

  init(poke: @escaping @Sendable () -> Void) { self.poke = poke }

  func raise() {
    if !isRaised.exchange(true, ordering: .acquiringAndReleasing) { poke() }
  }

  func lower() -> Bool {
    isRaised.load(ordering: .relaxed) && isRaised.exchange(false, ordering: .acquiringAndReleasing)
  }
}
