// Commits group after group to the store in the directory of the first argument, and says the number of
// each on its standard output once it is acknowledged, until it is killed. The second argument is the number
// of this start, the third that of the first group.
//
// Group n makes the instances 10n+1 to 10n+5, dispatches them, and finishes those of group n-1.

import Glibc
import SwitchyardModel
import SwitchyardStorage
import SwitchyardStorageSQLite

let arguments = CommandLine.arguments
guard arguments.count == 4, let start = UInt64(arguments[2]), let first = UInt64(arguments[3]) else {
  print("usage: StorageCrasher DIRECTORY START FIRST-GROUP")
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

var group = first
while true {
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
  guard outcome == .done(Array(repeating: .applied, count: ops.count)) else {
    print("group \(group): \(outcome)")
    exit(1)
  }
  let line = "\(group)\n"
  guard line.withCString({ write(STDOUT_FILENO, $0, strlen($0)) }) > 0 else { exit(0) }
  group += 1
}
