import CPluginHost
import CSwitchyard
import SwitchyardCore
import SwitchyardModel
import SwitchyardPlugins

/// The jobs of one decision, and of each the line of rows that are left for it.
///
/// Most jobs of a batch ask for the same: they share a line until a filter looks at each of them. Belongs to one lane.
final class Batch {
  private(set) var requests: [PlacementRequest] = []
  private(set) var compiled: [CompiledRequirements] = []
  /// By job: rows left in its line.
  private(set) var kept = [Int](repeating: 0, count: DecisionBuffers.jobLimit)
  /// By job: it has no answer yet.
  private(set) var isOpen = [Bool](repeating: false, count: DecisionBuffers.jobLimit)
  /// By job: which line of the buffer is its. Several may share one; none lies behind the job's own number.
  private var place = [Int](repeating: 0, count: DecisionBuffers.jobLimit)
  /// Lines in use before filters spread them.
  private var lines = 0
  /// What was left before the filter that is asked: one line for all, since they shared theirs.
  private var hasOneBefore = false
  private let buffers: DecisionBuffers

  init(_ buffers: DecisionBuffers) {
    self.buffers = buffers
    requests.reserveCapacity(DecisionBuffers.jobLimit)
    compiled.reserveCapacity(DecisionBuffers.jobLimit)
  }

  @inline(__always)
  var count: Int { requests.count }

  @inline(__always)
  func slots(_ job: Int) -> UInt32 { buffers.jobs[job].slots }

  func close(_ job: Int) { isOpen[job] = false }

  /// Whether another job may be added, whatever it asks for.
  var hasRoom: Bool { count < buffers.jobLimit && lines < buffers.lineLimit }

  func clear() {
    lines = 0
    requests.removeAll(keepingCapacity: true)
    compiled.removeAll(keepingCapacity: true)
  }

  // MARK: Filling

  /// Adds a job with the rows that the invariants leave it.
  ///
  /// - Returns: false if they leave none: then it is not added.
  func add(_ request: PlacementRequest, _ needs: CompiledRequirements, _ app: AppLane, _ caller: PluginCaller) -> Bool {
    let job = count, slots = max(1, needs.requirements.slots), mask = app.mask(for: needs)
    if job > 0, compiled[job - 1].mask === mask, self.slots(job - 1) == slots {
      place[job] = place[job - 1]
      kept[job] = kept[job - 1]
    } else {
      place[job] = lines
      kept[job] = Int(ph_mask_start(line(job), mask.keep.pointer, app.view.avail, slots, buffers.stride))
      guard kept[job] > 0 else { return false }
      lines += 1
    }
    isOpen[job] = true
    describe(job, request, needs, app, caller)
    requests.append(request)
    compiled.append(needs)
    return true
  }

  /// Writes what plugins see of the job.
  func describe(
    _ job: Int, _ request: PlacementRequest, _ needs: CompiledRequirements, _ app: AppLane, _ caller: PluginCaller
  ) {
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

  // MARK: Lines

  @inline(__always)
  func line(_ job: Int) -> UnsafeMutablePointer<UInt8> { at(place[job]) }

  @inline(__always)
  private func at(_ place: Int) -> UnsafeMutablePointer<UInt8> { buffers.keep.pointer + place * buffers.stride }

  /// Gives each open job a line of its own, in order, and forgets the others: filters get lines without holes. Keeps
  /// what the lines show, for ``before(_:)``.
  func spread() {
    let first = (0..<count).first { isOpen[$0] }
    hasOneBefore = (0..<count).allSatisfy { !isOpen[$0] || place[$0] == first.map { place[$0] } }
    // From behind, so that no line is written over while somebody shares it.
    for job in stride(from: count - 1, through: 0, by: -1) where place[job] != job {
      at(job).update(from: line(job), count: buffers.stride)
      place[job] = job
    }
    var to = 0
    for from in 0..<count where isOpen[from] {
      if from != to { move(from, to) }
      to += 1
    }
    requests.removeLast(count - to)
    compiled.removeLast(compiled.count - to)
    guard to > 0 else { return }
    buffers.before.pointer.update(from: at(0), count: hasOneBefore ? buffers.stride : to * buffers.stride)
  }

  private func move(_ from: Int, _ to: Int) {
    requests[to] = requests[from]
    compiled[to] = compiled[from]
    kept[to] = kept[from]
    isOpen[to] = true
    at(to).update(from: at(from), count: buffers.stride)
    let tried = buffers.tried + to * DecisionBuffers.triedLimit
    tried.update(from: buffers.tried + from * DecisionBuffers.triedLimit, count: DecisionBuffers.triedLimit)
    buffers.jobs[to] = buffers.jobs[from]
    buffers.jobs[to].tried = UnsafePointer(tried)
  }

  /// The rows that were left for the job before the filter that is asked.
  @inline(__always)
  func before(_ job: Int) -> UnsafePointer<UInt8> {
    UnsafePointer(buffers.before.pointer + (hasOneBefore ? 0 : job * buffers.stride))
  }

  /// Takes back what a filter set that was not set before it.
  ///
  /// - Returns: whether it did.
  func narrow(_ job: Int) -> Bool {
    var invented: UInt8 = 0
    kept[job] = Int(ph_mask_and(line(job), before(job), buffers.stride, &invented))
    return invented != 0
  }

  /// Takes out rows without room for it any more. Who shares the line needs as many slots.
  func refresh(_ job: Int, _ view: NodeView) {
    kept[job] = Int(ph_mask_refresh(line(job), view.avail, slots(job), buffers.stride))
  }

  /// Whether the same rows are left for both, so that one call of a balancer can speak for them.
  @inline(__always)
  func isAlike(_ job: Int, _ other: Int) -> Bool {
    place[job] == place[other]
      || kept[job] == kept[other] && ph_mask_equal(line(job), line(other), buffers.stride) != 0
  }
}
