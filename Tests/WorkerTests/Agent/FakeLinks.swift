import SwitchyardCore
import SwitchyardModel
import Synchronization

@testable import SwitchyardWorker

/// Streams that a test holds the other end of.
final class FakeLinks: ServerLinks {
  let opened = Collector<FakeLink>()

  func open(_ connection: ConnectionNumber, events: any ServerLinkEvents) -> any ServerLink {
    let link = FakeLink(number: connection, events: events)
    opened.append(link)
    return link
  }
}

final class FakeLink: ServerLink {
  let number: ConnectionNumber
  let events: any ServerLinkEvents
  let sent = Collector<WorkerMessage>()
  let closed = Collector<Bool>()

  init(number: ConnectionNumber, events: any ServerLinkEvents) {
    self.number = number
    self.events = events
  }

  func send(_ messages: [WorkerMessage]) { for message in messages { sent.append(message) } }
  var queuedLogBytes: Int { 0 }
  func close() { closed.append(true) }

  /// Answers the hello.
  func welcome(lease: Span = .seconds(12), heartbeatEvery: Span = .milliseconds(100)) async -> Hello? {
    events.connected(number)
    let message = await sent.first { if case .hello = $0 { true } else { false } }
    let welcome = Welcome(
      server: ServerRef(id: "s", incarnation: 1), session: 1, lease: lease, heartbeatEvery: heartbeatEvery, epochs: [])
    await events.received([.welcome(welcome)], on: number)
    if case .hello(let hello) = message { return hello }
    return nil
  }

  func result(_ ref: AttemptRef) async -> AttemptResult? {
    let message = await sent.first { if case .result(let result) = $0 { result.attempt == ref } else { false } }
    if case .result(let result) = message { return result }
    return nil
  }
}
