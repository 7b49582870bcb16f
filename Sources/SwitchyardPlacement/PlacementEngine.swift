import CPluginHost
package import SwitchyardCore
package import SwitchyardModel
package import SwitchyardPlugins
import Synchronization

/// Places jobs: the face of this module for the server's driver.
///
/// `place` and `apply` are called by one at a time, in the order of the core's actions; neither blocks. Every request is
/// answered exactly once through `deliver`, from a lane's thread, in batches.
///
/// ```
/// place ──► the app's lane ──► invariants → filters → scorers → balancer → credit ──► deliver
/// apply ──► directory (seats, credits) ──► tables of all lanes ──► viewChanged
/// setPolicy ──► control: make instances, prepare ──► lane: one store between two decisions
/// ```
package final class PlacementEngine: Sendable {
  static let firstSeatLimit: UInt32 = 1_024

  private let registry: PluginRegistry
  private let options: PlacementOptions
  private let lanes: [Lane]
  private let directory: NodeDirectory
  private let control: EngineControl
  private let deliver: @Sendable ([PlacementResult]) -> Void
  private let viewChanged: @Sendable (String?) -> Void
  private let isStopped = Atomic<Bool>(false)

  /// - Parameters:
  ///   - deliver: takes answers; must be quick, a lane waits for it.
  ///   - viewChanged: workers or the policy of an app changed after somebody was answered "nobody"; ask again. Slots
  ///     that are released do not count: whoever released them knows.
  package init(
    registry: PluginRegistry, options: PlacementOptions, deliver: @escaping @Sendable ([PlacementResult]) -> Void,
    viewChanged: @escaping @Sendable (String?) -> Void
  ) {
    self.registry = registry
    self.options = options
    self.deliver = deliver
    self.viewChanged = viewChanged
    lanes = (0..<options.lanes).map { Lane(number: UInt32($0), queueLimit: options.queueLimit) }
    directory = NodeDirectory(interner: registry.interner, columns: registry.columns)
    control = EngineControl(registry: registry, options: options, lanes: lanes, directory: directory)
  }

  /// Starts the lanes.
  ///
  /// - Throws: when the system has no threads to give.
  package func start() throws(PlacementError) {
    let control = control
    let outputs = LaneOutputs(
      deliver: deliver, viewChanged: viewChanged,
      needPipeline: { app in control.enqueue { control.bring(app) } },
      retired: { pipelines in control.enqueue { control.retire(pipelines) } },
      wish: { wishes in control.enqueue { control.subscribe(wishes) } })
    var isRunning = control.start()
    for lane in lanes { isRunning = lane.start(registry, options, directory.credits, outputs) && isRunning }
    guard isRunning else {
      throw PlacementError(.failed, "the system has no threads to give: raise the limit of tasks")
    }
  }

  /// Stops the lanes; what is not answered by then never is.
  package func stop() async {
    guard !isStopped.exchange(true, ordering: .acquiringAndReleasing) else { return }
    for lane in lanes {
      await withCheckedContinuation { continuation in lane.put(.stop { continuation.resume() }) }
    }
    await withCheckedContinuation { continuation in control.stop { continuation.resume() } }
  }

  // MARK: For the driver

  package func place(_ requests: [PlacementRequest]) {
    var start = requests.startIndex
    while start < requests.endIndex {
      // As a rule all of one app.
      let app = requests[start].app
      let end = requests[start...].firstIndex { $0.app != app } ?? requests.endIndex
      let lane = lanes[Self.lane(of: app, of: lanes.count)]
      let part = start == 0 && end == requests.endIndex ? requests : Array(requests[start..<end])
      if !lane.place(part) {
        deliver(
          part.map {
            PlacementResult(instance: $0.instance, attempt: $0.attempt, answer: .later(.milliseconds(100)))
          })
      }
      start = end
    }
  }

  package func apply(_ changes: [NodeChange]) {
    let now = HostClock.now
    let (seats, judgeAt) = directory.apply(changes, at: now, wantsEvents: control.hasObservers) { updates in
      for lane in lanes where !updates.isEmpty { lane.put(.nodes(updates)) }
    }
    control.nodesChanged(seats: seats, judgeAt: judgeAt)
  }

  /// Affinity: which lane serves the app.
  static func lane(of app: String, of count: Int) -> Int { Int(nodeID(app) % UInt64(count)) }

  /// Says what would become of a request now: of each worker, who refuses it and why. No credit is taken, and no
  /// balancer is asked, since asking may change whom it chooses next.
  ///
  /// - Parameter limit: how many workers are told of one by one; those that fit come first.
  package func explain(_ request: PlacementRequest, limit: Int) async -> PlacementExplanation {
    guard !isStopped.load(ordering: .acquiring) else { return PlacementExplanation(note: "the server is stopping") }
    return await withCheckedContinuation { continuation in
      lanes[Self.lane(of: request.app, of: lanes.count)].put(
        .explain(request, limit: limit) { continuation.resume(returning: $0) })
    }
  }

  // MARK: Policies

  /// Makes a stored revision live. On any failure what decided before goes on.
  package func setPolicy(_ revision: PolicyRevision) async throws(PlacementError) {
    try await onControl { control throws(PlacementError) in try control.setPolicy(revision) }
  }

  /// Tries a policy with instances that are made and thrown away; for the API, before it is stored.
  package func check(_ policy: Policy) async throws(PlacementError) {
    try await onControl { control throws(PlacementError) in try control.check(policy) }
  }

  private func onControl(
    _ body: @escaping @Sendable (EngineControl) throws(PlacementError) -> Void
  ) async throws(PlacementError) {
    let control = control
    let result: Result<Void, PlacementError> = await withCheckedContinuation { continuation in
      let isTaken = control.enqueue {
        do throws(PlacementError) {
          try body(control)
          continuation.resume(returning: .success(()))
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
      if !isTaken {
        continuation.resume(returning: .failure(PlacementError(.stopped, "the server is stopping, or has not started")))
      }
    }
    try result.get()
  }

  /// Of every app that has a policy, or has placed anything.
  package func policyStatus() -> [PolicyStatus] { control.status() }

  package func statistics() -> PlacementStatistics {
    var sum = PlacementStatistics()
    for lane in lanes {
      let one = lane.published.current
      sum.placed += one.placed
      sum.refused += one.refused
      sum.fallbacks += one.fallbacks
      sum.again += one.again
      sum.batches += one.batches
      sum.eventsLost += one.eventsLost
    }
    sum.nodesRefused = directory.refused
    sum.textsRefused = registry.interner.refused
    return sum
  }
}
