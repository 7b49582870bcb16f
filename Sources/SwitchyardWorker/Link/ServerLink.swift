package import SwitchyardCore
package import SwitchyardModel

/// A stream to a server, as the agent sees it. Nothing here blocks.
package protocol ServerLink: Sendable {
  /// Queues messages; they are sent in this order, except that heartbeats overtake.
  func send(_ messages: [WorkerMessage])
  /// Bytes of log that are queued.
  var queuedLogBytes: Int { get }
  /// Sends what is queued, if that goes quickly, and closes.
  func close()
}

/// What a stream tells the agent, from any thread.
package protocol ServerLinkEvents: Sendable {
  func connected(_ connection: ConnectionNumber)
  /// Returns when the agent has handled the messages, so that a server cannot send faster than they are.
  func received(_ messages: [ServerMessage], on connection: ConnectionNumber) async
  /// Some of the log that was queued has been sent.
  func sentLogs(on connection: ConnectionNumber)
  /// The stream is over, or never was; nothing is told of it afterwards.
  func closed(_ connection: ConnectionNumber, wasOpen: Bool)
}

/// Opens streams, to one server or another.
package protocol ServerLinks: Sendable {
  func open(_ connection: ConnectionNumber, events: any ServerLinkEvents) -> any ServerLink
}
