import SwitchyardCore
import SwitchyardModel
import Testing

@testable import SwitchyardServer

@Suite struct EventFilterTests {
  private static let ofShop = ClusterEvent.policyLive(app: "shop", revision: 1)
  private static let ofServer = ClusterEvent.storeRefuses(reason: "full")
  private static let ofWorker = ClusterEvent.core(.workerSuspended(WorkerRef(name: "w", incarnation: 1)))
  private static let counted = ClusterEvent.core(.counted("anything"))

  @Test(arguments: [
    (ofShop, AppScope.all, true), (ofShop, AppScope(["shop"]), true), (ofShop, AppScope(["other"]), false),
    (ofServer, .all, true), (ofServer, AppScope(["shop"]), true),
    (ofWorker, .all, true), (ofWorker, AppScope(["shop"]), false),
    (counted, .all, false),
  ])
  func `a follower sees what is of its apps`(event: ClusterEvent, scope: AppScope, isSeen: Bool) {
    #expect(EventFilter(scope: scope).admits(event) == isSeen)
  }

  @Test(arguments: [
    (EventFilter(app: "shop", scope: .all), true), (EventFilter(app: "other", scope: .all), false),
    (EventFilter(kinds: [.policy, .job], scope: .all), true), (EventFilter(kinds: [.worker], scope: .all), false),
  ])
  func `and of that what it asks for`(filter: EventFilter, isSeen: Bool) {
    #expect(filter.admits(Self.ofShop) == isSeen)
  }
}
