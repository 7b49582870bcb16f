import CSwitchyard
import SwitchyardPlugins

/// All memory that decisions need, made between decisions. Belongs to one lane.
final class DecisionBuffers {
  /// Jobs in a batch.
  static let jobLimit = 64
  static let triedLimit = 8
  /// Bytes of masks in a batch, so that they stay in the processor's cache.
  private static let maskLimit = 256 << 10

  let jobs: UnsafeMutablePointer<sy_job>
  let tried: UnsafeMutablePointer<UInt64>
  /// Pointers into `jobs` for one call.
  let jobPointers: UnsafeMutablePointer<UnsafePointer<sy_job>?>
  let verdicts: UnsafeMutablePointer<sy_status>
  let retries: UnsafeMutablePointer<Int64>
  let picked: UnsafeMutablePointer<UInt32>
  let call: UnsafeMutablePointer<sy_call>
  let rows: UnsafeMutablePointer<sy_rows>
  let error = ErrorBuffer()

  private(set) var stride = 0
  private(set) var jobLimit = 1
  /// Lines that `keep` has room for. Jobs may share one; for filters each gets its own.
  private(set) var lineLimit = 1
  private(set) var keep = AlignedColumn<UInt8>(capacity: 64)
  private(set) var before = AlignedColumn<UInt8>(capacity: 64)
  private(set) var left = AlignedColumn<UInt32>(capacity: 64)
  private(set) var list = AlignedColumn<UInt32>(capacity: 64)
  private(set) var score = AlignedColumn<Float>(capacity: 64)
  private(set) var sum = AlignedColumn<Float>(capacity: 64)

  init() {
    jobs = .allocate(capacity: Self.jobLimit)
    jobs.initialize(repeating: sy_job(), count: Self.jobLimit)
    tried = .allocate(capacity: Self.jobLimit * Self.triedLimit)
    tried.initialize(repeating: 0, count: Self.jobLimit * Self.triedLimit)
    jobPointers = .allocate(capacity: Self.jobLimit)
    jobPointers.initialize(repeating: nil, count: Self.jobLimit)
    verdicts = .allocate(capacity: Self.jobLimit)
    verdicts.initialize(repeating: 0, count: Self.jobLimit)
    retries = .allocate(capacity: Self.jobLimit)
    retries.initialize(repeating: 0, count: Self.jobLimit)
    picked = .allocate(capacity: Self.jobLimit)
    picked.initialize(repeating: .max, count: Self.jobLimit)
    call = .allocate(capacity: 1)
    call.initialize(to: sy_call())
    rows = .allocate(capacity: 1)
    rows.initialize(to: sy_rows())
  }

  deinit {
    jobs.deallocate()
    tried.deallocate()
    jobPointers.deallocate()
    verdicts.deallocate()
    retries.deallocate()
    picked.deallocate()
    call.deallocate()
    rows.deallocate()
  }

  /// Makes room for a view. Costs nothing while its size stays the same.
  func fit(stride: Int, hasFilters: Bool, hasScorers: Bool) {
    let lineLimit = max(2, min(Self.jobLimit, Self.maskLimit / stride))
    var jobLimit = hasFilters ? lineLimit : Self.jobLimit
    if hasScorers { jobLimit = max(1, min(jobLimit, Self.maskLimit / (stride * 8))) }
    if hasScorers, sum.capacity < stride * jobLimit {
      score = AlignedColumn(capacity: stride * jobLimit)
      sum = AlignedColumn(capacity: stride * jobLimit)
    }
    self.jobLimit = jobLimit
    guard stride != self.stride else { return }
    self.stride = stride
    self.lineLimit = lineLimit
    if keep.capacity < stride * lineLimit {
      keep = AlignedColumn(capacity: stride * lineLimit)
      before = AlignedColumn(capacity: stride * lineLimit)
    }
    if left.capacity < stride {
      left = AlignedColumn(capacity: stride)
      list = AlignedColumn(capacity: stride)
    }
  }
}
