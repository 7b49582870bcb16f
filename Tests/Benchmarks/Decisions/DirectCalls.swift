import CPluginHost
import CSwitchyard
import SwitchyardModel
import SwitchyardPlugins

/// The arguments of `filter` and `pick`, without a host around them.
final class DirectCalls {
  let picked: UnsafeMutablePointer<UInt32>
  private let view: NodeView
  private let batch: Int
  private let jobs: UnsafeMutablePointer<sy_job>
  private let pointers: UnsafeMutablePointer<UnsafePointer<sy_job>?>
  private let verdicts: UnsafeMutablePointer<sy_status>
  private let retries: UnsafeMutablePointer<Int64>
  private let keep: AlignedColumn<UInt8>
  private let lines: AlignedColumn<UInt8>
  private let list: AlignedColumn<UInt32>
  private let left: AlignedColumn<UInt32>
  private let callMemory: UnsafeMutablePointer<sy_call>
  private let rowsMemory: UnsafeMutablePointer<sy_rows>
  private let error = ErrorBuffer()
  private var random = SeededRandom(seed: 3)

  init(view: NodeView, batch: Int) {
    self.view = view
    self.batch = batch
    picked = .allocate(capacity: batch)
    jobs = .allocate(capacity: batch)
    pointers = .allocate(capacity: batch)
    verdicts = .allocate(capacity: batch)
    retries = .allocate(capacity: batch)
    callMemory = .allocate(capacity: 1)
    rowsMemory = .allocate(capacity: 1)
    keep = AlignedColumn(capacity: view.stride)
    lines = AlignedColumn(capacity: view.stride * batch)
    list = AlignedColumn(capacity: view.stride)
    left = AlignedColumn(capacity: view.stride)
    keep.pointer.update(repeating: 1, count: view.count)
    for index in 0..<batch {
      var job = sy_job()
      job.size = UInt32(MemoryLayout<sy_job>.size)
      job.slots = 1
      job.task_count = 1
      job.instance = UInt64(index)
      jobs[index] = job
      pointers[index] = UnsafePointer(jobs + index)
    }
  }

  deinit {
    for pointer in [picked] { pointer.deallocate() }
    jobs.deallocate()
    pointers.deallocate()
    verdicts.deallocate()
    retries.deallocate()
    callMemory.deallocate()
    rowsMemory.deallocate()
  }

  func callWithoutJobs() -> UnsafeMutablePointer<sy_call> {
    let call = call()
    call.pointee.job_count = 0
    return call
  }

  func call() -> UnsafeMutablePointer<sy_call> {
    for index in 0..<batch {
      picked[index] = .max
      verdicts[index] = 0
    }
    callMemory.pointee = sy_call(
      size: UInt32(MemoryLayout<sy_call>.size), lane: 0, now_ns: HostClock.now, wall_ns: 0, budget_ns: 1_000_000,
      random: random.next(), nodes: view.nodes, sites: nil, jobs: UnsafePointer(pointers), job_count: batch,
      verdict: verdicts, retry_ns: retries, error: error.pointer)
    return callMemory
  }

  /// A line of all rows for each job: for a filter to write in.
  func filterLines() -> UnsafeMutablePointer<UInt8> {
    for job in 0..<batch { (lines.pointer + job * view.stride).update(from: keep.pointer, count: view.stride) }
    return lines.pointer
  }

  var stride: Int { view.stride }

  /// All rows, or those of the first line that a filter has left.
  func rows(filtered: Bool) -> UnsafePointer<sy_rows> {
    left.pointer.update(from: view.avail, count: view.stride)
    let line = filtered ? lines.pointer : keep.pointer
    let count = filtered ? Int(ph_mask_list(list.pointer, line, view.stride)) : view.count
    rowsMemory.pointee = sy_rows(
      size: UInt32(MemoryLayout<sy_rows>.size), count: UInt32(count),
      row: count == view.count ? nil : UnsafePointer(list.pointer), keep: UnsafePointer(line), left: left.pointer,
      score: nil, stride: view.stride)
    return UnsafePointer(rowsMemory)
  }
}
