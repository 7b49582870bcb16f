import SwitchyardCore
import SwitchyardModel

/// What a worker gone wrong, or somebody with its credentials, may say. Never a lie about what was really given to it: that
/// nobody could tell from the truth.
extension World {
  func forge(by worker: WorkerNode) {
    if dice.network.chance(200) { return forgeHello(worker) }
    if dice.network.chance(100) { worker.forgesInventory = true }
    guard worker.isUp, let id = worker.streams.last?.stream, streams[id].opened, !streams[id].overAtAgent,
      var ref = dice.network.pick(processes)?.assignment.attempt
    else { return }
    switch dice.network.below(3) {
    case 0: ref.attempt += UInt32(dice.network.between(1...3))
    case 1: ref.instance = InstanceID(rawValue: dice.network.next() >> 1)
    default: guard checker.dispatches[ref]?.name != worker.name else { return }
    }
    if checker.dispatches[ref]?.name == worker.name { return }
    let time = Timestamp(nanoseconds: worker.clock.wall(at: now))
    let message: WorkerMessage =
      switch dice.network.below(6) {
      case 0: .accepted(ref, startedAt: time)
      case 1: .rejected(ref, reason: "forged")
      case 2:
        .result(AttemptResult(attempt: ref, outcome: .failed, startedAt: time, endedAt: time, detail: "forged"))
      case 3: .log(LogChunk(attempt: ref, offset: dice.network.next(), bytes: [46]))
      case 4:
        .heartbeat(
          Heartbeat(
            sequence: dice.network.next(), used: 0,
            metrics: WorkerMetrics(texts: [Label(key: String(repeating: "k", count: 300), text: "")])))
      default:
        .hello(Hello(ref: worker.agent.ref, lineage: worker.lineage, profile: WorkerProfile(apps: ["sim"], slots: 1)))
      }
    trace.say(now, "\(worker.name) forges \(describe(message))")
    push(toServer: .message(message), on: id)
  }

  /// The worker's hello, with an attempt that it was never given.
  func forged(_ hello: Hello, by worker: WorkerNode) -> Hello {
    guard worker.forgesInventory else { return hello }
    worker.forgesInventory = false
    var hello = hello
    let ref = AttemptRef(instance: InstanceID(rawValue: dice.network.next() >> 1), attempt: 1)
    hello.inventory.append(InventoryItem(attempt: ref, slots: 1, finished: false, startedAt: nil))
    return hello
  }

  /// On a stream of its own: nonsense, an incarnation of the past, or one of another machine.
  private func forgeHello(_ worker: WorkerNode) {
    guard server.isUp, worker.incarnation > 1 else { return }
    let id = streams.count
    streams.append(Stream(worker: worker.index, workerRun: -1, number: 0, serverRun: server.run))
    streams[id].opened = true
    worker.streams.insert((0, id), at: 0)
    var hello = Hello(
      ref: worker.agent.ref, lineage: worker.lineage, profile: WorkerProfile(apps: ["sim"], slots: worker.plan.slots))
    switch dice.network.below(3) {
    case 0: hello.profile.slots = 0
    case 1: hello.ref.incarnation -= 1
    default: hello.lineage ^= 1
    }
    trace.say(now, "somebody says hello as \(hello.ref)")
    push(toServer: .message(.hello(hello)), on: id)
  }
}
