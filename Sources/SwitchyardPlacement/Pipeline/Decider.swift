import CSwitchyard
import SwitchyardCore
import SwitchyardModel
import SwitchyardPlugins

/// Decides where the jobs of one app go: invariants → filters → scorers → balancer → credit, a batch at a time.
///
/// Plugins are trusted with nothing: masks are narrowed only, rows are checked, and whatever a strategy does wrong is
/// its error and is made good within the same decision. Belongs to one lane.
final class Decider {
  let caller: PluginCaller
  let table: LaneTable
  let requirements: RequirementCache
  let buffers: DecisionBuffers
  let batch: Batch
  var statistics = PlacementStatistics()
  private var results: [PlacementResult] = []

  // Of the balancing under way.
  /// Jobs that one call is about.
  var group: [Int] = []
  var pending: [Int] = []
  /// To be asked for once more.
  var next: [Int] = []
  /// A row was picked for them that may not be.
  var misplaced: [Int] = []

  init(caller: PluginCaller, table: LaneTable, requirements: RequirementCache) {
    self.caller = caller
    self.table = table
    self.requirements = requirements
    buffers = caller.buffers
    batch = Batch(buffers)
    group.reserveCapacity(DecisionBuffers.jobLimit)
    pending.reserveCapacity(DecisionBuffers.jobLimit)
    next.reserveCapacity(DecisionBuffers.jobLimit)
  }

  /// Hands over the answers so far.
  func takeResults() -> [PlacementResult] {
    defer {
      results = []
      results.reserveCapacity(DecisionBuffers.jobLimit)
    }
    return results
  }

  /// Decides for one batch of what waits in the app.
  ///
  /// - Parameter version: of the lane's knowledge; see ``AppLane/version``.
  func decide(_ app: AppLane, _ pipeline: Pipeline, version: UInt64) {
    caller.begin(decision: true)
    let view = app.view
    view.follow(table)
    buffers.fit(
      stride: view.stride, hasFilters: !pipeline.filters.isEmpty, hasScorers: !pipeline.scorers.isEmpty)
    prepareStale(pipeline, view)
    gather(app, version)
    guard batch.count > 0 else { return }
    filter(app, pipeline, version)
    balance(app, pipeline, version)
  }

  func prepareStale(_ pipeline: Pipeline, _ view: NodeView) {
    let generation = view.generation
    if pipeline.balancer.prepared != generation { caller.prepare(pipeline.balancer, view: view) }
    for stage in pipeline.filters where stage.prepared != generation { caller.prepare(stage, view: view) }
    for stage in pipeline.scorers where stage.prepared != generation { caller.prepare(stage, view: view) }
  }

  /// Fills the batch with jobs for which the invariants leave any row at all.
  private func gather(_ app: AppLane, _ version: UInt64) {
    batch.clear()
    while batch.hasRoom, let request = app.popFirst() {
      let needs = requirements.compiled(request)
      // One "nobody now" speaks for all with equal requirements, until anything changes (rule 8).
      if needs.blockedAt == version, request.tried.isEmpty {
        refuse(request, app, .nobody(reason: needs.blockedReason))
      } else if !batch.add(request, needs, app, caller) {
        let reason = Reasons.invariants(app, needs, app.mask(for: needs), table)
        block(needs, request, version, reason)
        refuse(request, app, .nobody(reason: reason))
      }
    }
  }

  // MARK: Answers

  func place(_ job: Int, _ row: Int, _ view: NodeView) {
    batch.close(job)
    statistics.placed += 1
    let request = batch.requests[job]
    results.append(
      PlacementResult(instance: request.instance, attempt: request.attempt, answer: .worker(view.rows[row].ref)))
  }

  /// - Parameter hungry: the app, if it is to be asked again when the view changes.
  func refuse(_ request: PlacementRequest, _ hungry: AppLane?, _ answer: PlacementAnswer) {
    statistics.refused += 1
    hungry?.isHungry = true
    results.append(PlacementResult(instance: request.instance, attempt: request.attempt, answer: answer))
  }

  /// A job for which a strategy has no row.
  func settle(
    _ job: Int, _ stage: Stage, _ verdict: sy_status, retry: Int64, _ app: AppLane, _ version: UInt64,
    reason: () -> String
  ) {
    let request = batch.requests[job]
    batch.close(job)
    switch verdict {
    case 2 where !buffers.error.isEmpty:
      refuse(request, nil, .never(reason: "\(stage.id): \(buffers.error.message)"))
    case 3:
      let span = retry &- caller.now
      let clamped = max(Span.milliseconds(1).nanoseconds, min(span, Span.seconds(3_600).nanoseconds))
      refuse(request, nil, .later(Span(nanoseconds: clamped)))
    default:
      if verdict == 2 { stage.counters.failed("SY_NEVER without a reason; taken as SY_NONE") }
      if !(0...3).contains(verdict) { stage.counters.failed("verdict \(verdict), which does not exist") }
      let reason = reason()
      block(batch.compiled[job], request, version, reason)
      refuse(request, app, .nobody(reason: reason))
    }
  }

  /// A job for which nobody has room any more.
  func settleFull(_ job: Int, _ app: AppLane, _ version: UInt64) {
    batch.close(job)
    let needs = batch.compiled[job]
    let reason = Reasons.invariants(app, needs, app.mask(for: needs), table)
    block(needs, batch.requests[job], version, reason)
    refuse(batch.requests[job], app, .nobody(reason: reason))
  }

  private func block(_ needs: CompiledRequirements, _ request: PlacementRequest, _ version: UInt64, _ reason: String) {
    guard request.tried.isEmpty else { return }
    needs.blockedAt = version
    needs.blockedReason = reason
  }
}
