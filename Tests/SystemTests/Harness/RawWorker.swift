import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import SwitchyardModel
import SwitchyardWire
import Synchronization

/// A worker that keeps to no rule: a stream to the server, of which the test is the mind.
final class RawWorker: Sendable {
  private struct State {
    var received: [ServerMessage] = []
    var hasEnded = false
  }

  private let state = Mutex(State())
  private let frames: AsyncStream<WireWorkerFrame>
  private let sender: AsyncStream<WireWorkerFrame>.Continuation

  private init() { (frames, sender) = AsyncStream.makeStream() }

  /// A stream for the time of `body`.
  static func joining(_ cluster: Cluster, _ body: (RawWorker) async throws -> Void) async throws {
    let worker = RawWorker()
    let token = try String(contentsOfFile: "\(cluster.data)/worker-token", encoding: .utf8)
      .trimmingCharacters(in: .newlines)
    let port = cluster.grpc
    let running = Task { await worker.run(port, token) }
    defer { running.cancel() }
    try await body(worker)
    worker.sender.finish()
  }

  private func run(_ port: Int, _ token: String) async {
    do {
      let transport = try HTTP2ClientTransport.Posix(
        target: .ipv4(address: "127.0.0.1", port: port), transportSecurity: .plaintext)
      try await withGRPCClient(transport: transport) { client in
        try await WireWorkerService.Client(wrapping: client).session(
          metadata: ["authorization": "Bearer \(token)"],
          requestProducer: { writer in
            for await frame in self.frames { try await writer.write(frame) }
          },
          onResponse: { response in
            var decoder = ServerMessageDecoder()
            for try await frame in response.messages {
              for wire in frame.messages {
                let message = try decoder.decode(wire)
                self.state.withLock { $0.received.append(message) }
              }
            }
          })
      }
    } catch {
      // How it ends is what tests look at.
    }
    state.withLock { $0.hasEnded = true }
  }

  var received: [ServerMessage] { state.withLock { $0.received } }
  var hasEnded: Bool { state.withLock { $0.hasEnded } }
  var refusal: String? {
    received.compactMap { if case .refused(_, let message) = $0 { message } else { nil } }.first
  }
  var dispatched: [AttemptRef] {
    received.compactMap { if case .dispatch(let assignment) = $0 { assignment.attempt } else { nil } }
  }

  /// All of them in one frame.
  func send(_ messages: [WorkerMessage]) {
    var frame = WireWorkerFrame()
    frame.messages = messages.map(WireWorkerMessage.init)
    sender.yield(frame)
  }

  func hello(_ name: String, slots: UInt32 = 4) {
    send([
      .hello(
        Hello(
          ref: WorkerRef(name: name, incarnation: 1), lineage: UInt64(name.utf8.first ?? 1),
          profile: WorkerProfile(apps: [], slots: slots)))
    ])
  }
}
