import SwitchyardModel

/// Fires, waits, dispatches, finishes and retries what belongs to one shard, while this server owns it.
///
/// It holds the jobs that are due within a horizon, a bounded window of what waits, and all that is placed;
/// the rest stays in the store and is paged in. Its parts lie in files of their own:
///
/// | file | about |
/// | --- | --- |
/// | `+Loading` | what is read after a claim and from time to time |
/// | `+Firing` | due times |
/// | `+Creating` | from an order or a due time to a stored instance |
/// | `+Overlap` | limits of jobs, who waits for his turn |
/// | `+Waiting` | the window, its overflow, waking |
/// | `+Placing` | answers of lanes, dispatch, sending |
/// | `+Results` | ends of attempts |
/// | `+Requests` | cancel, stop, release |
/// | `+Reconciling` | what a worker says it holds; lost workers |
/// | `+Jobs` | create, edit, pause, resume, delete |
/// | `+Outcomes` | what the outcome of a commit means |
struct ShardMachine: Sendable {
  let shard: Shard
  var entries = EntryTable()
  var jobs: [JobID: DueJob] = [:]
  var dueTimes = BinaryHeap<Mark<JobID>>()
  var wakeTimes = BinaryHeap<Mark<InstanceID>>()

  /// Requests for jobs that wait for the job's operation in flight, or for its row.
  var jobWork: [JobID: Fifo<JobWork>] = [:]
  /// What waits for the row of an instance that is not in memory.
  var lookups: [InstanceID: [Deferral]] = [:]

  /// Of jobs with a limit of which something is placed, on its way, or in line.
  var gates: [JobID: Gate] = [:]
  /// Those whose turn has come and whose row is being read.
  var admissions: [InstanceID: Admission] = [:]

  var window = WaitingWindow()
  var timetable = Timetable()
  /// What was placed when the shard was loaded; emptied when the workers are known.
  var loadedPlaced: [InstanceID] = []
  /// When to read again what has come within the horizon.
  var nextRead = BootTime.distantFuture
  var armedFor = BootTime.distantFuture

  init(_ shard: Shard) { self.shard = shard }

  /// The time of the shard's timer has come.
  mutating func timer(_ board: inout Switchboard) {
    armedFor = .distantFuture
    guard board.phase == .owning else { return }
    rotate(&board)
    if board.now.boot >= nextRead { readAhead(&board) }
    wake(&board)
    fireDue(&board)
    arm(&board)
  }

  /// The wall clock was set, and is steady again.
  mutating func clockIsSteady(_ board: inout Switchboard) {
    armedFor = .distantFuture
    readAhead(&board)
    wake(&board)
    fireDue(&board)
    arm(&board)
  }

  /// The server stops: what is fresh and has not been asked for is stored, waiting.
  mutating func flush(_ board: inout Switchboard) {
    for id in entries.sortedIDs where entries[id]?.stage == .fresh && board.placements.isQueued(id) {
      board.placements.withdraw(id)
      create(id, on: nil, &board)
    }
  }

  /// Arms the timer where something comes earlier than it is armed for. A timer that comes too early does
  /// no harm, so it is not moved back.
  mutating func arm(_ board: inout Switchboard) {
    guard board.phase == .owning else { return }
    var next = nextRead
    if window.overflows { next = min(next, window.nextRotation) }
    if let due = dueTimes.first { next = min(next, board.bootTime(of: due.time)) }
    if let wake = wakeTimes.first { next = min(next, board.bootTime(of: wake.time)) }
    // Its end arms the timer anew: the boot times of what is due are others then.
    if let until = board.clock.holdsUntil { next = max(next, until) }
    if board.isCongested { next = max(next, board.now.boot + .milliseconds(50)) }
    next = max(next, board.now.boot)
    guard next < armedFor else { return }
    armedFor = next
    board.arm(.shard(shard), at: next)
  }
}

/// How far the due times of a shard are in memory.
struct Timetable: Sendable {
  /// Every enabled job whose due time is not after this is in memory.
  var bound: DueCursor?
  /// The store has more that is due within the horizon.
  var isPartial = false
  /// Up to when the read under way asks; nil: none is.
  var reading: Timestamp?
  /// A read of what is long due is under way.
  var isComparing = false
  /// Jobs that changed while a read was under way: what it says of them may be old.
  var touched: Set<JobID> = []

  /// Whether a job with this due time has to be in memory.
  func covers(_ time: Timestamp, _ job: JobID) -> Bool {
    if let reading, time <= reading { return true }
    return hasRead(time, job)
  }

  /// Whether that is so already, without the read under way.
  func hasRead(_ time: Timestamp, _ job: JobID) -> Bool {
    guard let bound else { return false }
    return time != bound.nextFire ? time < bound.nextFire : job <= bound.job
  }
}
