import SwitchyardCore
import SwitchyardModel
import SwitchyardPlacement
import Synchronization

/// ``PlacementEngine`` as the driver sees it.
struct EnginePort: PlacementPort {
  let engine: PlacementEngine
  let events: EventBus

  func place(_ requests: [PlacementRequest]) { engine.place(requests) }

  func apply(_ changes: [NodeChange]) { engine.apply(changes) }

  func adopt(_ revision: PolicyRevision) {
    Task { await restore([revision]) }
  }

  /// Makes stored policies live. What fails is told by `policy show`, and what decided before goes on.
  func restore(_ revisions: [PolicyRevision]) async {
    for revision in revisions {
      do throws(PlacementError) {
        try await engine.setPolicy(revision)
        events.publish(.policyLive(app: revision.app, revision: revision.revision))
      } catch  where error.code == .stale {
        // A newer one came first.
      } catch {
        events.publish(.policyFailed(app: revision.app, revision: revision.revision, reason: "\(error)"))
      }
    }
  }
}

/// Takes what the lanes say until the driver is there to hear it.
final class DriverMailbox: Sendable {
  private let driver = Mutex<ServerDriver?>(nil)

  func open(_ driver: ServerDriver) { self.driver.withLock { $0 = driver } }

  func post(_ event: ServerEvent) { driver.withLock { $0 }?.post(event) }

  func placed(_ results: [PlacementResult]) {
    guard let driver = driver.withLock({ $0 }) else { return }
    if results.count <= ServerDriver.few { driver.perform(.placed(results)) } else { driver.post(.placed(results)) }
  }
}
