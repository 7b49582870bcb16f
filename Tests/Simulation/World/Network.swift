import SwitchyardCore
import SwitchyardModel

/// What is on its way in one direction of a stream, in order. The end of the stream travels like a message.
struct Channel<Message> {
  enum Item {
    case message(Message)
    case end

    var isEnd: Bool { if case .end = self { true } else { false } }
  }

  private var items: [Item] = []
  private var head = 0
  private(set) var lastArrival: Int64 = 0
  /// Grows when what is under way is lost; deliveries that were planned before are void.
  private(set) var generation = 0
  private(set) var isCut = false

  var isEmpty: Bool { head == items.count }

  mutating func push(_ item: Item, arrival: Int64) {
    items.append(item)
    lastArrival = arrival
  }

  mutating func pop() -> Item? {
    guard head < items.count else { return nil }
    let item = items[head]
    head += 1
    if head > 32, head * 2 > items.count {
      items.removeFirst(head)
      head = 0
    }
    return item
  }

  mutating func cut() {
    items = []
    head = 0
    generation += 1
    isCut = true
  }
}

/// One stream of a worker to the server: two channels, and what each end believes.
struct Stream {
  let worker: Int
  let workerRun: Int
  let number: ConnectionNumber
  let serverRun: Int
  var toServer = Channel<WorkerMessage>()
  var toAgent = Channel<ServerMessage>()
  var opened = false
  var helloSeen = false
  /// The end has been told that the stream is over, or ended it itself.
  var overAtAgent = false
  var overAtServer = false
  /// What is under way to the server does not arrive before this.
  var stalledUntil: Int64 = 0
}

extension World {
  // MARK: Opening

  func openStream(_ number: ConnectionNumber, from worker: WorkerNode) {
    let id = streams.count
    streams.append(
      Stream(worker: worker.index, workerRun: worker.run, number: number, serverRun: server.run))
    worker.streams.append((number, id))
    if worker.streams.count > 4 { worker.streams.removeFirst() }
    let unreachable = max(worker.cutToServerUntil, worker.cutToAgentUntil) > now
    if !server.isUp || unreachable {
      // Refused at once, or nobody answers and the agent has to lose its patience.
      if dice.network.chance(700) {
        queue.plan(.streamFails(id), at: now + dice.network.skewed(100 * microsecond, 2 * second))
      }
      return
    }
    queue.plan(.streamOpens(id), at: now + latency() * 2)
  }

  func streamOpens(_ id: Int) {
    guard server.isUp, streams[id].serverRun == server.run else { return streamFails(id) }
    streams[id].opened = true
    tellAgent(of: id, .connected(streams[id].number))
  }

  func streamFails(_ id: Int) {
    guard !streams[id].overAtAgent else { return }
    streams[id].overAtAgent = true
    streams[id].overAtServer = true
    tellAgent(of: id, .connectFailed(streams[id].number))
  }

  // MARK: Sending

  func send(_ message: WorkerMessage, on number: ConnectionNumber, from worker: WorkerNode) {
    guard let id = worker.stream(number), streams[id].opened, !streams[id].overAtAgent, !withholds(message)
    else { return }
    push(toServer: .message(message), on: id)
  }

  func send(_ message: ServerMessage, on connection: ConnectionID) {
    let id = Int(connection.number)
    guard id < streams.count, !streams[id].overAtServer, streams[id].serverRun == server.run else { return }
    push(toAgent: .message(message), on: id)
  }

  func push(toServer item: Channel<WorkerMessage>.Item, on id: Int, delay: Int64 = 0) {
    guard !streams[id].toServer.isCut else { return }
    let arrival = max(streams[id].toServer.lastArrival, now + latency() + delay)
    for _ in 0..<copies(isEnd: item.isEnd) {
      streams[id].toServer.push(item, arrival: arrival)
      queue.plan(.deliverToServer(stream: id, generation: streams[id].toServer.generation), at: arrival)
    }
  }

  func push(toAgent item: Channel<ServerMessage>.Item, on id: Int, delay: Int64 = 0) {
    guard !streams[id].toAgent.isCut else { return }
    let arrival = max(streams[id].toAgent.lastArrival, now + latency() + delay)
    for _ in 0..<copies(isEnd: item.isEnd) {
      streams[id].toAgent.push(item, arrival: arrival)
      queue.plan(.deliverToAgent(stream: id, generation: streams[id].toAgent.generation), at: arrival)
    }
  }

  private func copies(isEnd: Bool) -> Int { doublesUntil > now && !isEnd && dice.network.chance(300) ? 2 : 1 }

  func latency() -> Int64 {
    if dice.network.chance(scenario.rates.lateMessages) { return dice.network.skewed(10 * millisecond, second) }
    return dice.network.between(50 * microsecond, 2 * millisecond)
  }

  // MARK: Delivering

  func deliverToServer(_ id: Int, generation: Int) {
    guard streams[id].toServer.generation == generation else { return }
    let held = max(workers[streams[id].worker].cutToServerUntil, streams[id].stalledUntil)
    guard held <= now else {
      // TCP repeats until the partition is over.
      queue.plan(.deliverToServer(stream: id, generation: generation), at: held)
      return
    }
    guard let item = streams[id].toServer.pop() else { return }
    guard streams[id].serverRun == server.run, server.isUp, !streams[id].overAtServer else { return }
    let connection = ConnectionID(UInt64(id))
    switch item {
    case .message(.hello(let hello)) where !streams[id].helloSeen:
      streams[id].helloSeen = true
      trace.say(now, "    \(workers[streams[id].worker].name)/\(id) → hello \(hello.inventory.count) held")
      tellServer(.connected(connection, planted(forged(hello, by: workers[streams[id].worker]))))
    case .message(let message):
      trace.say(now, "    \(workers[streams[id].worker].name)/\(id) → \(describe(message))")
      if let (other, result) = withNewestAttempt(message) {
        tellServer(.received(other, result))
      } else {
        tellServer(.received(connection, message))
      }
    case .end: endAtServer(id)
    }
  }

  func deliverToAgent(_ id: Int, generation: Int) {
    guard streams[id].toAgent.generation == generation else { return }
    let held = workers[streams[id].worker].cutToAgentUntil
    guard held <= now else {
      queue.plan(.deliverToAgent(stream: id, generation: generation), at: held)
      return
    }
    guard let item = streams[id].toAgent.pop() else { return }
    guard !streams[id].overAtAgent else { return }
    switch item {
    case .message(let message):
      trace.say(now, "    \(workers[streams[id].worker].name)/\(id) ← \(describe(message))")
      runDouble(message, on: workers[streams[id].worker])
      tellAgent(of: id, .received(streams[id].number, message))
    case .end: endAtAgent(id)
    }
  }

  func endAtServer(_ id: Int) {
    guard !streams[id].overAtServer, streams[id].serverRun == server.run else { return }
    streams[id].overAtServer = true
    if streams[id].helloSeen { tellServer(.disconnected(ConnectionID(UInt64(id)))) }
  }

  func endAtAgent(_ id: Int) {
    guard !streams[id].overAtAgent else { return }
    streams[id].overAtAgent = true
    tellAgent(of: id, .disconnected(streams[id].number))
  }

  // MARK: Ending

  /// The agent closes: what it sent before still arrives, what comes towards it is lost.
  func closeByAgent(_ number: ConnectionNumber, of worker: WorkerNode) {
    guard let id = worker.stream(number), !streams[id].overAtAgent else { return }
    streams[id].overAtAgent = true
    streams[id].toAgent.cut()
    push(toServer: .end, on: id)
  }

  func closeByServer(_ connection: ConnectionID) {
    let id = Int(connection.number)
    guard id < streams.count, !streams[id].overAtServer, streams[id].serverRun == server.run else { return }
    streams[id].overAtServer = true
    streams[id].toServer.cut()
    push(toAgent: .end, on: id)
  }

  /// The worker's process is gone: its kernel says so, or nobody does.
  func dropStreams(of worker: WorkerNode, silently: Bool) {
    for (_, id) in worker.streams where !streams[id].overAtAgent {
      streams[id].overAtAgent = true
      streams[id].toAgent.cut()
      if silently {
        streams[id].toServer.cut()
      } else {
        if dice.network.chance(500) { streams[id].toServer.cut() }
        endLater(atServer: id)
      }
    }
    worker.streams = []
  }

  func dropStreamsOfServer() {
    for worker in workers {
      for (_, id) in worker.streams where !streams[id].overAtServer {
        streams[id].overAtServer = true
        streams[id].toServer.cut()
        let fate = dice.network.below(10)
        if fate < 6 {
          push(toAgent: .end, on: id)
        } else if fate < 9 {
          streams[id].toAgent.cut()
          endLater(atAgent: id)
        } else {
          streams[id].toAgent.cut()
        }
      }
    }
  }

  func endLater(atServer id: Int, within: Int64 = 20 * millisecond) {
    queue.plan(.serverHearsEnd(stream: id), at: now + dice.network.between(microsecond, within))
  }

  func endLater(atAgent id: Int, within: Int64 = 20 * millisecond) {
    queue.plan(.agentHearsEnd(stream: id), at: now + dice.network.between(microsecond, within))
  }

  /// The stream breaks with the loss of what is under way. Either end may hear of it much later than the
  /// other, and what it had sent before may still arrive after the other has opened a new one.
  func breakStream(_ id: Int, heardAtAgent: Bool, heardAtServer: Bool) {
    if heardAtServer || dice.network.chance(300) {
      streams[id].toServer.cut()
    } else {
      // Half-open: what was sent arrives later, perhaps after the agent's next stream has opened.
      streams[id].stalledUntil = now + dice.network.skewed(millisecond, 10 * second)
      push(toServer: .end, on: id, delay: dice.network.between(second, 20 * second))
    }
    if heardAtAgent || dice.network.chance(300) { streams[id].toAgent.cut() }
    if heardAtAgent { endLater(atAgent: id) }
    if heardAtServer { endLater(atServer: id) }
    if !heardAtServer, streams[id].toServer.isCut { endLater(atServer: id, within: 30 * second) }
  }
}
