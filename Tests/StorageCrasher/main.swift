// Commits group after group to the store in the directory of the first argument, and says the number of
// each on its standard output once it is acknowledged, until it is killed. The second argument is the number
// of this start, the third that of the first group. With a fourth, see `Refusals`.
//
// Group n makes the instances 10n+1 to 10n+5, dispatches them, and finishes those of group n-1.

import Glibc
import SwitchyardModel
import SwitchyardStorage
import SwitchyardStorageSQLite

let arguments = CommandLine.arguments
guard (4...5).contains(arguments.count), let start = UInt64(arguments[2]), let first = UInt64(arguments[3]) else {
  print("usage: storage-crasher DIRECTORY START FIRST-GROUP [BALLAST]")
  exit(2)
}
var options = SQLiteOptions()
options.checkpointPages = 24
let store = try SQLiteStore.open(at: arguments[1], options: options)
let server = ServerRef(id: "crasher", incarnation: start)
let epochs = try await store.claim(Shard.all, for: server).shards.map(\.epoch)
let time = Timestamp(seconds: 1)
let worker = WorkerRef(name: "w", incarnation: 1)
let job = Job(
  id: JobID(rawValue: 1), app: "a", spec: JobSpec(name: "j", processor: .noop(duration: .zero)), anchor: time,
  createdAt: time, updatedAt: time)
let owner = StoreOp.Authority.shard(job.shard, epochs[Int(job.shard.number)])
_ = await store.commit(CommitGroup(server: server, ops: [StoreOp(owner, .createJob(job))]))

/// The groups that were refused, on a disk that does not take more.
///
/// At the third refusal the ballast is removed, and 20 groups later the program ends, as it does when the
/// ballast is not there.
@MainActor final class Refusals {
  private let ballast: String
  private var count = 0
  private var groupsLeft = 20
  private(set) var isOver = false

  init(ballast: String) { self.ballast = ballast }

  func refused(_ reason: String, _ group: UInt64) async throws {
    count += 1
    say("refused \(reason)")
    let read = try await store.instance(InstanceID(rawValue: (group - 1) * 10 + 1))
    guard group == 1 || read != nil else { return say("group \(group - 1) cannot be read") }
    if count == 3 { isOver = unlink(ballast) != 0 }
    usleep(10_000)
  }

  func done() {
    if count >= 3 { groupsLeft -= 1 }
    isOver = groupsLeft == 0
  }
}

func say(_ text: String) {
  let line = text + "\n"
  guard line.withCString({ write(STDOUT_FILENO, $0, strlen($0)) }) > 0 else { exit(0) }
}

let refusals = arguments.count > 4 ? Refusals(ballast: arguments[4]) : nil
var group = first
while refusals?.isOver != true {
  var ops: [StoreOp] = []
  for number in 1...UInt64(5) {
    let id = InstanceID(rawValue: group * 10 + number)
    let instance = Instance(
      id: id, job: job.id, jobVersion: 1, app: "a", shard: job.shard, occurrence: .key("\(id)"), readyAt: time,
      dueAt: time, createdAt: time)
    ops.append(StoreOp(owner, .createInstance(instance, nil)))
    ops.append(StoreOp(owner, .dispatch(Dispatch(instance: id, expectedAttempt: 0, worker: worker, at: time))))
  }
  for number in 1...UInt64(5) where group > 1 {
    let finish = Finish(
      instance: InstanceID(rawValue: (group - 1) * 10 + number), attempt: 1, worker: worker, outcome: .succeeded,
      next: .end(.succeeded), startedAt: time, endedAt: time, result: String(repeating: "r", count: 500))
    ops.append(StoreOp(owner, .finish(finish)))
  }
  let outcome = await store.commit(CommitGroup(server: server, ops: ops))
  if let refusals {
    switch outcome {
    case .aborted(let reason), .unknown(let reason):
      try await refusals.refused(reason, group)
      continue
    case .done, .expelled: break
    }
  }
  guard outcome == .done(Array(repeating: .applied, count: ops.count)) else {
    say("group \(group): \(outcome)")
    exit(1)
  }
  say("\(group)")
  refusals?.done()
  group += 1
}
// Without closing the store, as after a crash.
exit(0)
