import CPluginHost
import CSwitchyard
import SwitchyardCore
import SwitchyardModel
import SwitchyardPlugins

/// Asking the balancer: who of those that are left does it? Its answers are checked, and credits are taken for them.
extension Decider {
  /// Rounds in which a balancer is asked for the same job.
  private static let rounds = 4

  func balance(_ app: AppLane, _ pipeline: Pipeline, _ version: UInt64) {
    pending.removeAll(keepingCapacity: true)
    for job in 0..<batch.count where batch.isOpen[job] { pending.append(job) }
    var round = 0
    while !pending.isEmpty, round < Self.rounds {
      next.removeAll(keepingCapacity: true)
      while !pending.isEmpty {
        takeGroup()
        pick(app, pipeline, version)
      }
      swap(&pending, &next)
      statistics.again += UInt64(pending.count)
      round += 1
    }
    for job in pending {
      pipeline.balancer.counters.failed("picks full rows again and again")
      fallBack(job, app, version)
    }
    pending.removeAll(keepingCapacity: true)
  }

  /// Moves the first pending job, and all for whom the same rows are left, into the group.
  private func takeGroup() {
    group.removeAll(keepingCapacity: true)
    let first = pending[0]
    var rest = 0
    for index in pending.indices {
      let job = pending[index]
      if batch.isAlike(job, first) {
        group.append(job)
      } else {
        pending[rest] = job
        rest += 1
      }
    }
    pending.removeLast(pending.count - rest)
  }

  private func pick(_ app: AppLane, _ pipeline: Pipeline, _ version: UInt64) {
    let view = app.view, stage = pipeline.balancer, count = group.count
    guard let function = stage.tables.balancer?.pick else { return }
    for (index, job) in group.enumerated() { buffers.jobPointers[index] = UnsafePointer(buffers.jobs + job) }
    showRows(pipeline, view)
    for index in 0..<count { buffers.picked[index] = .max }
    caller.prepareCall(stage, view: view, jobs: count)
    let status = caller.run(stage, "pick") {
      function(stage.instance.pointer, buffers.call, UnsafePointer(buffers.rows), buffers.picked)
    }
    statistics.batches += 1
    if status != 0 {
      stage.counters.failed("pick: \(caller.failure(status))")
      for job in group { fallBack(job, app, version) }
      return
    }
    take(app, stage, version)
    view.mark(tick: table.nextTick())
  }

  /// Sets up who is left for the group.
  private func showRows(_ pipeline: Pipeline, _ view: NodeView) {
    let rows = buffers.rows, keep = batch.line(group[0]), kept = batch.kept[group[0]]
    rows.pointee.size = UInt32(MemoryLayout<sy_rows>.size)
    rows.pointee.count = UInt32(kept)
    rows.pointee.keep = UnsafePointer(keep)
    if kept == view.count {
      rows.pointee.row = nil
    } else {
      _ = ph_mask_list(buffers.list.pointer, keep, view.stride)
      rows.pointee.row = UnsafePointer(buffers.list.pointer)
    }
    rows.pointee.left = nil
    rows.pointee.stride = view.stride
    rows.pointee.score = score(pipeline, view, group.count).map { UnsafePointer($0) }
    // A copy: a plugin may write into `left` what it likes.
    buffers.left.pointer.update(from: view.avail, count: view.stride)
    rows.pointee.left = buffers.left.pointer
  }

  /// Checks what was picked and takes the credits.
  private func take(_ app: AppLane, _ stage: Stage, _ version: UInt64) {
    let view = app.view, keep = batch.line(group[0])
    var hasPlaced = false
    misplaced.removeAll(keepingCapacity: true)
    for (index, job) in group.enumerated() {
      let row = buffers.picked[index], slots = batch.slots(job)
      if row == .max { continue }
      guard row < view.count, keep[Int(row)] != 0 else {
        stage.counters.failed("picked row \(row), which is refused or out of range (\(view.count) rows)")
        misplaced.append(job)
        continue
      }
      if view.avail[Int(row)] >= slots, view.take(slots, row: Int(row), table) {
        hasPlaced = true
        place(job, Int(row), view)
      }
    }
    // After the others: it narrows the line by which their rows are checked.
    for job in misplaced { fallBack(job, app, version) }
    for (index, job) in group.enumerated() where batch.isOpen[job] {
      let isUndecided = buffers.picked[index] == .max
      if isUndecided, buffers.verdicts[index] != 0 || !hasPlaced {
        // Verdicts are by place in the call.
        settle(job, stage, buffers.verdicts[index], retry: buffers.retries[index], app, version) {
          Reasons.undecided(app, batch.compiled[job], by: stage.id, rows: batch.kept[job])
        }
      } else {
        askAgain(job, app, version)
      }
    }
  }

  /// What was picked is full by now: look what is left.
  private func askAgain(_ job: Int, _ app: AppLane, _ version: UInt64) {
    batch.refresh(job, app.view)
    if batch.kept[job] > 0 {
      next.append(job)
    } else {
      settleFull(job, app, version)
    }
  }

  /// The host's own choice, where a balancer is of no use: the row with the most free slots.
  private func fallBack(_ job: Int, _ app: AppLane, _ version: UInt64) {
    let view = app.view
    statistics.fallbacks += 1
    for _ in 0..<Self.rounds {
      batch.refresh(job, view)
      let row = Int(ph_most_avail(batch.line(job), view.avail, buffers.stride))
      guard batch.kept[job] > 0, row < view.count else { break }
      if view.take(batch.slots(job), row: row, table) { return place(job, row, view) }
    }
    settleFull(job, app, version)
  }

  /// The mean of all scorers, for the group; nil: there are none, or all failed.
  private func score(_ pipeline: Pipeline, _ view: NodeView, _ count: Int) -> UnsafeMutablePointer<Float>? {
    guard !pipeline.scorers.isEmpty else { return nil }
    let length = count * view.stride
    buffers.sum.pointer.update(repeating: 0, count: length)
    var added: Float = 0
    for stage in pipeline.scorers {
      guard let function = stage.tables.scorer?.score else { continue }
      buffers.score.pointer.update(repeating: 0, count: length)
      caller.prepareCall(stage, view: view, jobs: count)
      let status = caller.run(stage, "score") {
        function(stage.instance.pointer, buffers.call, UnsafePointer(buffers.rows), buffers.score.pointer, view.stride)
      }
      guard status == 0 else {
        stage.counters.failed("score: \(caller.failure(status))")
        continue
      }
      ph_score_add(buffers.sum.pointer, buffers.score.pointer, length)
      added += 1
    }
    guard added > 0 else { return nil }
    if added > 1 { ph_score_scale(buffers.sum.pointer, 1 / added, length) }
    return buffers.sum.pointer
  }
}
