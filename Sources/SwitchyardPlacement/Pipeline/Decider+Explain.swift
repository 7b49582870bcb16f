import CPluginHost
import CSwitchyard
import SwitchyardModel
import SwitchyardPlugins

/// The same way through invariants, filters and scorers as a decision, with a look at each row on the way.
extension Decider {
  /// Filters are asked for the reason of so many rows each.
  private static let reasonLimit = 32

  func explain(
    _ request: PlacementRequest, _ app: AppLane, _ pipeline: Pipeline, limit: Int
  ) -> PlacementExplanation {
    caller.begin()
    let view = app.view
    view.follow(table)
    buffers.fit(
      stride: view.stride, hasFilters: !pipeline.filters.isEmpty, hasScorers: !pipeline.scorers.isEmpty)
    prepareStale(pipeline, view)
    let needs = requirements.compiled(request)
    batch.describe(0, request, needs, app, caller)
    buffers.jobPointers[0] = UnsafePointer(buffers.jobs)

    let census = app.census(table)
    var explanation = PlacementExplanation()
    explanation.revision = pipeline.revision
    explanation.balancer = pipeline.balancer.id
    (explanation.connected, explanation.serving) = (census.all, census.serving)
    (explanation.draining, explanation.suspended) = (census.draining, census.suspended)

    let line = buffers.keep.pointer
    line.update(repeating: 0, count: view.stride)
    var refusals = view.rows.indices.map { row in invariant(row, needs, view) }
    for row in view.rows.indices where refusals[row] == nil { line[row] = 1 }
    for stage in pipeline.filters { filter(stage, view, &refusals, &explanation) }
    let scores = pipeline.scorers.compactMap { stage in score(stage, view).map { (stage.id, $0) } }

    let fitting = view.rows.indices.filter { refusals[$0] == nil }
    explanation.fitting = fitting.count
    for refusal in refusals.compactMap({ $0 }) {
      if let index = explanation.refused.firstIndex(where: { $0.by == refusal.by }) {
        explanation.refused[index].workers += 1
      } else {
        explanation.refused.append(.init(by: refusal.by, workers: 1))
      }
    }
    let order = fitting + view.rows.indices.filter { refusals[$0] != nil }
    explanation.workers = order.prefix(max(0, limit)).map { row in
      .init(
        ref: view.rows[row].ref, slots: view.rows[row].slots, free: view.avail[row], refusal: refusals[row],
        scores: refusals[row] == nil ? scores.map { .init(by: $0.0, score: $0.1[row]) } : [])
    }
    return explanation
  }

  private func invariant(
    _ row: Int, _ needs: CompiledRequirements, _ view: NodeView
  ) -> PlacementExplanation.Refusal? {
    let node = view.rows[row]
    let wanted = needs.requirements
    if !node.processors.contains(wanted.processor) {
      return .init(by: "processor", reason: "does not run \(wanted.processor)")
    }
    let missing = wanted.tags.filter { !node.tags.contains($0) }
    if !missing.isEmpty { return .init(by: "tags", reason: "lacks \(missing.joined(separator: ", "))") }
    let slots = max(1, wanted.slots)
    if view.avail[row] < slots {
      return .init(by: "slots", reason: "has \(view.avail[row]) of \(node.slots) slots free, and \(slots) are needed")
    }
    return nil
  }

  /// What the stage refuses of what is left, and why.
  private func filter(
    _ stage: Stage, _ view: NodeView, _ refusals: inout [PlacementExplanation.Refusal?],
    _ explanation: inout PlacementExplanation
  ) {
    guard let function = stage.tables.filter?.filter, refusals.contains(nil) else { return }
    let line = buffers.keep.pointer
    buffers.before.pointer.update(from: line, count: view.stride)
    caller.prepareCall(stage, view: view, jobs: 1)
    let status = caller.run(stage, "filter", hot: false) {
      function(stage.instance.pointer, buffers.call, line, view.stride)
    }
    if status != 0 {
      let text = caller.failure(status)
      line.update(repeating: 0, count: view.stride)
      for row in refusals.indices where refusals[row] == nil {
        refusals[row] = .init(by: stage.id, reason: "failed: \(text)")
      }
      return
    }
    switch buffers.verdicts[0] {
    case 2 where !buffers.error.isEmpty: explanation.note = "\(stage.id): never: \(buffers.error.message)"
    case 3: explanation.note = "\(stage.id): later"
    default: break
    }
    var invented: UInt8 = 0
    _ = ph_mask_and(line, buffers.before.pointer, view.stride, &invented)
    var asked = 0
    for row in refusals.indices where refusals[row] == nil && line[row] == 0 {
      asked += 1
      refusals[row] = .init(by: stage.id, reason: asked <= Self.reasonLimit ? reason(stage, row, view) : "")
    }
  }

  private func reason(_ stage: Stage, _ row: Int, _ view: NodeView) -> String {
    guard let explain = stage.tables.filter?.explain else { return "" }
    caller.prepareCall(stage, view: view, jobs: 1)
    caller.run(stage, "explain", hot: false) {
      explain(stage.instance.pointer, buffers.call, UInt32(row), buffers.error.pointer)
    }
    return buffers.error.message
  }

  /// By row; nil: the scorer failed.
  private func score(_ stage: Stage, _ view: NodeView) -> [Float]? {
    guard let function = stage.tables.scorer?.score else { return nil }
    let line = buffers.keep.pointer
    let count = ph_mask_list(buffers.list.pointer, line, view.stride)
    guard count > 0 else { return nil }
    let rows = buffers.rows
    rows.pointee = sy_rows()
    rows.pointee.size = UInt32(MemoryLayout<sy_rows>.size)
    rows.pointee.count = UInt32(count)
    rows.pointee.keep = UnsafePointer(line)
    rows.pointee.row = count == view.count ? nil : UnsafePointer(buffers.list.pointer)
    rows.pointee.stride = view.stride
    buffers.score.pointer.update(repeating: 0, count: view.stride)
    caller.prepareCall(stage, view: view, jobs: 1)
    let status = caller.run(stage, "score", hot: false) {
      function(stage.instance.pointer, buffers.call, UnsafePointer(rows), buffers.score.pointer, view.stride)
    }
    guard status == 0 else { return nil }
    return view.rows.indices.map { buffers.score.pointer[$0] }
  }
}
