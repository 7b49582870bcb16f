import CPluginHost
import CSwitchyard
import SwitchyardCore
import SwitchyardModel
import SwitchyardPlugins

/// Asking the filters: who may run this job?
extension Decider {
  func filter(_ app: AppLane, _ pipeline: Pipeline, _ version: UInt64) {
    let view = app.view, stride = buffers.stride
    for stage in pipeline.filters {
      batch.spread()
      let count = batch.count
      guard count > 0, let function = stage.tables.filter?.filter else { return }
      for job in 0..<count { buffers.jobPointers[job] = UnsafePointer(buffers.jobs + job) }
      caller.prepareCall(stage, view: view, jobs: count)
      let status = caller.run(stage, "filter") {
        function(stage.instance.pointer, buffers.call, buffers.keep.pointer, stride)
      }
      if status != 0 {
        failed(stage, status, app)
        return
      }
      check(stage, app, version)
    }
  }

  /// Looks at what a filter wrote, and answers those whom it left nobody.
  private func check(_ stage: Stage, _ app: AppLane, _ version: UInt64) {
    var hasInvented = false
    for job in 0..<batch.count {
      let old = batch.kept[job]
      if batch.narrow(job) { hasInvented = true }
      let verdict = buffers.verdicts[job]
      guard batch.kept[job] == 0 || verdict != 0 else { continue }
      let first = ph_mask_first_refused(batch.before(job), batch.line(job), buffers.stride)
      settle(job, stage, verdict, retry: buffers.retries[job], app, version) {
        self.reason(job, stage, of: old, first: first, app)
      }
    }
    if hasInvented { stage.counters.failed("filter set rows that were refused before it; ignored") }
  }

  /// A filter that fails lets nobody through: a job in the wrong place is worse than a job that waits a second.
  private func failed(_ stage: Stage, _ status: sy_status, _ app: AppLane) {
    let text = caller.failure(status)
    stage.counters.failed("filter: \(text)")
    for job in 0..<batch.count {
      refuse(batch.requests[job], app, .nobody(reason: "filter \(stage.id) failed: \(text)"))
      batch.close(job)
    }
    app.retryAt = min(app.retryAt, caller.now + Span.seconds(1).nanoseconds)
  }

  /// Of a job whose last rows a filter refused.
  private func reason(_ job: Int, _ stage: Stage, of old: Int, first: Int, _ app: AppLane) -> String {
    let needs = batch.compiled[job]
    return Reasons.filtered(
      app, needs, app.mask(for: needs), table, by: stage.id, refused: old - batch.kept[job], before: old,
      explanation: first < app.view.count ? explanation(job, stage, row: first) : "")
  }

  /// What the filter says of one row that it refused: asked for not more often than every 20 ms.
  private func explanation(_ job: Int, _ stage: Stage, row: Int) -> String {
    guard let explain = stage.tables.filter?.explain else { return "" }
    guard caller.clock >= stage.nextExplain else { return stage.explained }
    stage.nextExplain = caller.clock + Span.milliseconds(20).nanoseconds
    let verdict = buffers.verdicts[job]
    let pointer = buffers.jobPointers[0]
    buffers.jobPointers[0] = UnsafePointer(buffers.jobs + job)
    buffers.error.clear()
    buffers.call.pointee.jobs = UnsafePointer(buffers.jobPointers)
    buffers.call.pointee.job_count = 1
    caller.run(stage, "explain", hot: false) {
      explain(stage.instance.pointer, buffers.call, UInt32(row), buffers.error.pointer)
    }
    stage.explained = buffers.error.message
    buffers.error.clear()
    buffers.jobPointers[0] = pointer
    buffers.verdicts[job] = verdict
    return stage.explained
  }
}
