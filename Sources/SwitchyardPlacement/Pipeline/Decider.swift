import CPluginHost
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
  private(set) var statistics = PlacementStatistics()
  private(set) var results: [PlacementResult] = []

  // Of the batch under way, by job.
  private var requests: [PlacementRequest] = []
  private var compiled: [CompiledRequirements] = []
  /// Rows left in the job's line.
  private var kept = [Int](repeating: 0, count: DecisionBuffers.jobLimit)
  private var isOpen = [Bool](repeating: false, count: DecisionBuffers.jobLimit)
  private var group: [Int] = []
  private var pending: [Int] = []
  private var next: [Int] = []

  /// Rounds in which a balancer is asked for the same job.
  private static let rounds = 4

  init(caller: PluginCaller, table: LaneTable, requirements: RequirementCache) {
    self.caller = caller
    self.table = table
    self.requirements = requirements
    buffers = caller.buffers
    requests.reserveCapacity(DecisionBuffers.jobLimit)
    compiled.reserveCapacity(DecisionBuffers.jobLimit)
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
    buffers.fit(stride: view.stride, hasScorers: !pipeline.scorers.isEmpty)
    prepareStale(pipeline, view)
    let count = gather(app, view, version)
    guard count > 0 else { return }
    if !pipeline.filters.isEmpty { filter(app, pipeline, version) }
    pending.removeAll(keepingCapacity: true)
    for job in 0..<requests.count where isOpen[job] { pending.append(job) }
    balance(app, pipeline, version)
  }

  func prepareStale(_ pipeline: Pipeline, _ view: NodeView) {
    let generation = view.generation
    if pipeline.balancer.prepared != generation { caller.prepare(pipeline.balancer, view: view) }
    for stage in pipeline.filters where stage.prepared != generation { caller.prepare(stage, view: view) }
    for stage in pipeline.scorers where stage.prepared != generation { caller.prepare(stage, view: view) }
  }

  // MARK: Invariants

  /// Fills the batch with jobs for which there is any row at all.
  private func gather(_ app: AppLane, _ view: NodeView, _ version: UInt64) -> Int {
    requests.removeAll(keepingCapacity: true)
    compiled.removeAll(keepingCapacity: true)
    while requests.count < buffers.jobLimit, let request = app.popFirst() {
      let needs = requirements.compiled(request)
      // One "nobody now" speaks for all with equal requirements, until anything changes (rule 8).
      if needs.blockedAt == version, request.tried.isEmpty {
        refuse(request, app, .nobody(reason: needs.blockedReason))
        continue
      }
      let mask = app.mask(for: needs)
      let job = requests.count
      let left = startLine(job, mask, max(1, needs.requirements.slots), view)
      guard left > 0 else {
        let reason = Reasons.invariants(app, needs, mask, table)
        block(needs, request, version, reason)
        refuse(request, app, .nobody(reason: reason))
        continue
      }
      kept[job] = left
      isOpen[job] = true
      fill(job, request, needs, app)
      requests.append(request)
      compiled.append(needs)
    }
    return requests.count
  }

  /// Writes the line of the invariants. Most jobs of a batch have the same: then a copy does.
  @inline(__always)
  private func startLine(_ job: Int, _ mask: StaticMask, _ slots: UInt32, _ view: NodeView) -> Int {
    if job > 0, compiled[job - 1].mask === mask, buffers.jobs[job - 1].slots == slots {
      line(job).update(from: line(job - 1), count: view.stride)
      return kept[job - 1]
    }
    return Int(ph_mask_start(line(job), mask.keep.pointer, view.avail, slots, view.stride))
  }

  @inline(__always)
  private func line(_ job: Int) -> UnsafeMutablePointer<UInt8> { buffers.keep.pointer + job * buffers.stride }

  func fill(_ job: Int, _ request: PlacementRequest, _ needs: CompiledRequirements, _ app: AppLane) {
    let tried = buffers.tried + job * DecisionBuffers.triedLimit
    let triedCount = min(request.tried.count, DecisionBuffers.triedLimit)
    for index in 0..<triedCount { tried[index] = nodeID(request.tried[index]) }
    var key = request.instance.rawValue.littleEndian
    buffers.jobs[job] = sy_job(
      size: UInt32(MemoryLayout<sy_job>.size), attempt: request.attempt, instance: request.instance.rawValue,
      job: request.job.rawValue, parent: 0, key_hash: needs.keyHash ?? ph_xxh3(&key, 8), app: app.number,
      type: needs.processor, queue: 0, site: needs.site, slots: max(1, needs.requirements.slots),
      priority: needs.requirements.priority, task: 0, task_count: 1,
      since_ns: caller.now &- min(max(0, caller.wall &- request.waitingSince.nanoseconds), caller.now),
      deadline_ns: 0, tried: UnsafePointer(tried), tried_count: triedCount, labels: UnsafePointer(needs.labels),
      label_count: needs.labelCount, tags: UnsafePointer(needs.tagColumns), tag_count: needs.tagCount)
  }

  // MARK: Filters

  private func filter(_ app: AppLane, _ pipeline: Pipeline, _ version: UInt64) {
    let view = app.view, stride = buffers.stride
    for stage in pipeline.filters {
      // Jobs that are out are moved out of the way: a call has open ones only, in lines without holes.
      closeGaps()
      let count = requests.count
      guard count > 0, let function = stage.tables.filter?.filter else { return }
      for job in 0..<count { buffers.jobPointers[job] = UnsafePointer(buffers.jobs + job) }
      buffers.before.pointer.update(from: buffers.keep.pointer, count: count * stride)
      caller.prepareCall(stage, view: view, jobs: count)
      let status = caller.run(stage, "filter") {
        function(stage.instance.pointer, buffers.call, buffers.keep.pointer, stride)
      }
      if status != 0 {
        failed(stage, status, app)
        return
      }
      var inventedAny: UInt8 = 0
      for job in 0..<count {
        var invented: UInt8 = 0
        let before = buffers.before.pointer + job * stride
        let old = kept[job]
        kept[job] = ph_mask_and(line(job), before, stride, &invented)
        inventedAny |= invented
        let verdict = buffers.verdicts[job]
        if kept[job] == 0 || verdict != 0 {
          let first = ph_mask_first_refused(before, line(job), stride)
          settle(job, stage, verdict, retry: buffers.retries[job], app, version) {
            self.reason(job, stage, refused: old - self.kept[job], of: old, first: first, app)
          }
        }
      }
      if inventedAny != 0 { stage.counters.failed("filter set rows that were refused before it; ignored") }
    }
  }

  /// Moves open jobs together.
  private func closeGaps() {
    var to = 0
    for from in 0..<requests.count where isOpen[from] {
      if from != to {
        requests[to] = requests[from]
        compiled[to] = compiled[from]
        kept[to] = kept[from]
        isOpen[to] = true
        line(to).update(from: line(from), count: buffers.stride)
        let tried = buffers.tried + to * DecisionBuffers.triedLimit
        tried.update(from: buffers.tried + from * DecisionBuffers.triedLimit, count: DecisionBuffers.triedLimit)
        buffers.jobs[to] = buffers.jobs[from]
        buffers.jobs[to].tried = UnsafePointer(tried)
      }
      to += 1
    }
    requests.removeLast(requests.count - to)
    compiled.removeLast(compiled.count - to)
  }

  /// A filter that fails lets nobody through: a job in the wrong place is worse than a job that waits a second.
  private func failed(_ stage: Stage, _ status: sy_status, _ app: AppLane) {
    let text = caller.failure(status)
    stage.counters.failed("filter: \(text)")
    for job in 0..<requests.count {
      refuse(requests[job], app, .nobody(reason: "filter \(stage.id) failed: \(text)"))
      isOpen[job] = false
    }
    app.retryAt = min(app.retryAt, caller.now + Span.seconds(1).nanoseconds)
  }

  // MARK: Verdicts

  /// A job for which a strategy has no row.
  private func settle(
    _ job: Int, _ stage: Stage, _ verdict: sy_status, retry: Int64, _ app: AppLane, _ version: UInt64,
    reason: () -> String
  ) {
    let request = requests[job]
    isOpen[job] = false
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
      block(compiled[job], request, version, reason)
      refuse(request, app, .nobody(reason: reason))
    }
  }

  private func block(_ needs: CompiledRequirements, _ request: PlacementRequest, _ version: UInt64, _ reason: String) {
    guard request.tried.isEmpty else { return }
    needs.blockedAt = version
    needs.blockedReason = reason
  }

  private func refuse(_ request: PlacementRequest, _ hungry: AppLane?, _ answer: PlacementAnswer) {
    statistics.refused += 1
    hungry?.isHungry = true
    results.append(PlacementResult(instance: request.instance, attempt: request.attempt, answer: answer))
  }

  /// Of a job whose last rows a filter refused.
  private func reason(_ job: Int, _ stage: Stage, refused: Int, of old: Int, first: Int, _ app: AppLane) -> String {
    var why = ""
    if let explain = stage.tables.filter?.explain, first < app.view.count {
      if caller.clock >= stage.nextExplain {
        stage.nextExplain = caller.clock + Span.milliseconds(20).nanoseconds
        let verdict = buffers.verdicts[job]
        let pointer = buffers.jobPointers[0]
        buffers.jobPointers[0] = UnsafePointer(buffers.jobs + job)
        buffers.error.clear()
        buffers.call.pointee.jobs = UnsafePointer(buffers.jobPointers)
        buffers.call.pointee.job_count = 1
        caller.run(stage, "explain", hot: false) {
          explain(stage.instance.pointer, buffers.call, UInt32(first), buffers.error.pointer)
        }
        stage.explained = buffers.error.message
        buffers.error.clear()
        buffers.jobPointers[0] = pointer
        buffers.verdicts[job] = verdict
      }
      why = stage.explained
    }
    let mask = app.mask(for: compiled[job])
    return Reasons.filtered(
      app, compiled[job], mask, table, by: stage.id, refused: refused, before: old, explanation: why)
  }

  // MARK: Balancing

  private func balance(_ app: AppLane, _ pipeline: Pipeline, _ version: UInt64) {
    var round = 0
    while !pending.isEmpty, round < Self.rounds {
      next.removeAll(keepingCapacity: true)
      while !pending.isEmpty {
        takeGroup()
        pick(app, pipeline, version, isFirst: round == 0)
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

  /// Moves the first pending job, and all whose lines are equal to its, into the group.
  private func takeGroup() {
    group.removeAll(keepingCapacity: true)
    let first = pending[0], stride = buffers.stride
    var rest = 0
    for index in pending.indices {
      let job = pending[index]
      if job == first || (kept[job] == kept[first] && isEqual(line(job), line(first), stride)) {
        group.append(job)
      } else {
        pending[rest] = job
        rest += 1
      }
    }
    pending.removeLast(pending.count - rest)
  }

  @inline(__always)
  private func isEqual(_ a: UnsafeMutablePointer<UInt8>, _ b: UnsafeMutablePointer<UInt8>, _ count: Int) -> Bool {
    ph_mask_equal(a, b, count) != 0
  }

  private func pick(_ app: AppLane, _ pipeline: Pipeline, _ version: UInt64, isFirst: Bool) {
    let view = app.view, stage = pipeline.balancer, count = group.count
    let keep = line(group[0])
    for (index, job) in group.enumerated() { buffers.jobPointers[index] = UnsafePointer(buffers.jobs + job) }
    let rows = buffers.rows
    rows.pointee.size = UInt32(MemoryLayout<sy_rows>.size)
    rows.pointee.count = UInt32(kept[group[0]])
    rows.pointee.keep = UnsafePointer(keep)
    if kept[group[0]] == view.count {
      rows.pointee.row = nil
    } else {
      _ = ph_mask_list(buffers.list.pointer, keep, view.stride)
      rows.pointee.row = UnsafePointer(buffers.list.pointer)
    }
    rows.pointee.left = nil
    rows.pointee.stride = view.stride
    rows.pointee.score = score(pipeline, view, count).map { UnsafePointer($0) }
    // A copy: a plugin may write into `left` what it likes.
    buffers.left.pointer.update(from: view.avail, count: view.stride)
    rows.pointee.left = buffers.left.pointer
    for index in 0..<count { buffers.picked[index] = .max }
    caller.prepareCall(stage, view: view, jobs: count)
    guard let function = stage.tables.balancer?.pick else { return }
    let status = caller.run(stage, "pick") {
      function(stage.instance.pointer, buffers.call, UnsafePointer(rows), buffers.picked)
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

  /// Checks what was picked and takes the credits.
  private func take(_ app: AppLane, _ stage: Stage, _ version: UInt64) {
    let view = app.view, keep = line(group[0])
    var hasPlaced = false
    for (index, job) in group.enumerated() {
      let row = buffers.picked[index], slots = buffers.jobs[job].slots
      if row == .max { continue }
      guard row < view.count, keep[Int(row)] != 0 else {
        stage.counters.failed("picked row \(row), which is refused or out of range (\(view.count) rows)")
        fallBack(job, app, version)
        continue
      }
      if view.avail[Int(row)] >= slots, view.take(slots, row: Int(row), table) {
        hasPlaced = true
        place(job, Int(row), view)
      }
    }
    for (index, job) in group.enumerated() where isOpen[job] {
      let isUndecided = buffers.picked[index] == .max
      if isUndecided, buffers.verdicts[index] != 0 || !hasPlaced {
        // Verdicts are by place in the call.
        settle(job, stage, buffers.verdicts[index], retry: buffers.retries[index], app, version) {
          Reasons.undecided(app, compiled[job], by: stage.id, rows: kept[job])
        }
      } else {
        askAgain(job, app, version)
      }
    }
  }

  /// What was picked is full by now: look what is left.
  private func askAgain(_ job: Int, _ app: AppLane, _ version: UInt64) {
    let view = app.view
    kept[job] = ph_mask_refresh(line(job), view.avail, buffers.jobs[job].slots, buffers.stride)
    if kept[job] > 0 {
      next.append(job)
    } else {
      settleFull(job, app, version)
    }
  }

  private func settleFull(_ job: Int, _ app: AppLane, _ version: UInt64) {
    isOpen[job] = false
    let mask = app.mask(for: compiled[job])
    let reason = Reasons.invariants(app, compiled[job], mask, table)
    block(compiled[job], requests[job], version, reason)
    refuse(requests[job], app, .nobody(reason: reason))
  }

  private func place(_ job: Int, _ row: Int, _ view: NodeView) {
    isOpen[job] = false
    statistics.placed += 1
    let request = requests[job]
    results.append(
      PlacementResult(instance: request.instance, attempt: request.attempt, answer: .worker(view.rows[row].ref)))
  }

  /// The host's own choice, where a balancer is of no use: the row with the most free slots.
  private func fallBack(_ job: Int, _ app: AppLane, _ version: UInt64) {
    let view = app.view, slots = buffers.jobs[job].slots
    statistics.fallbacks += 1
    for _ in 0..<Self.rounds {
      kept[job] = ph_mask_refresh(line(job), view.avail, slots, buffers.stride)
      let row = Int(ph_most_avail(line(job), view.avail, buffers.stride))
      guard kept[job] > 0, row < view.count else { break }
      if view.take(slots, row: row, table) {
        place(job, row, view)
        return
      }
    }
    settleFull(job, app, version)
  }

  // MARK: Scores

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
