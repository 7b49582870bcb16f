import GRPCCore
import Logging
import SwitchyardCore
import SwitchyardModel
import SwitchyardSystem
import SwitchyardWire

/// The gRPC face of the server: one bidirectional stream for each worker.
///
/// It turns frames into events and the outbox into frames; what a message means is the core's business.
struct WorkerGateway: WireWorkerService.StreamingServiceProtocol {
  let connections: WorkerConnections
  let watch: StreamWatch
  let tokens: TokenDirectory
  let events: EventBus
  let driver: ServerDriver
  let logger: Logger

  /// Messages of one stream that may wait for the core: a worker that floods the server waits for itself, and nobody
  /// for it.
  private static let window = 4_096

  func session(
    request: StreamingServerRequest<WireWorkerFrame>, context: ServerContext
  ) async throws -> StreamingServerResponse<WireServerFrame> {
    let caller = try admit(request.metadata)
    return StreamingServerResponse { writer in
      let outbox = Outbox(pool: connections.pool) { count("stream.unread") }
      guard let id = connections.add(outbox) else {
        count("stream.refused.tooMany")
        throw RPCError(
          code: .resourceExhausted,
          message: "the server has \(WorkerConnections.limit) streams of workers, as many as it takes; try again later")
      }
      watch.enter(id, caller, outbox)
      await serve(request.messages, of: caller, on: id, outbox, writer)
      watch.leave(id)
      connections.remove(id)
      driver.post(.disconnected(id))
      return [:]
    }
  }

  private func admit(_ metadata: Metadata) throws(RPCError) -> Caller {
    let caller: Caller
    do throws(TokenFailure) {
      caller = try tokens.caller(metadata, at: SystemClock.wall())
    } catch {
      count("token.\(error.rawValue)")
      throw RPCError(
        code: .unauthenticated,
        message: "the token is missing or wrong: pass --worker-token-file with the server's worker-token, or with a "
          + "token of the role join (\(error.rawValue))")
    }
    guard caller.role == .join else {
      count("token.forbidden")
      throw RPCError(
        code: .permissionDenied,
        message: "the token \(quoted(caller.name)) opens no worker's stream, its role is \(caller.role.name): pass "
          + "--worker-token-file with the server's worker-token, or with a token of the role join")
    }
    return caller
  }

  private enum Part { case reading, writing, overdue }

  /// Two tasks, which mostly wait, are all that a stream takes: there are thousands.
  private func serve(
    _ frames: RPCAsyncSequence<WireWorkerFrame, any Error>, of caller: Caller, on id: ConnectionID, _ outbox: Outbox,
    _ writer: RPCWriter<WireServerFrame>
  ) async {
    await withTaskGroup(of: Part.self) { group in
      group.addTask {
        await write(outbox, to: writer)
        outbox.close()
        return .writing
      }
      group.addTask {
        await read(frames, of: caller, on: id, outbox)
        outbox.close()
        return .reading
      }
      await outbox.closing.wait()
      // The writer ends by itself when the outbox is empty: a refusal still goes out. A peer that does not read what is
      // left for it is not waited for longer than this.
      group.addTask {
        try? await Task.sleep(for: .seconds(10))
        return .overdue
      }
      while let part = await group.next(), part == .reading {}
      group.cancelAll()
    }
  }

  private func read(
    _ frames: RPCAsyncSequence<WireWorkerFrame, any Error>, of caller: Caller, on id: ConnectionID, _ outbox: Outbox
  ) async {
    let grant = JoinGrant(apps: caller.apps, bounds: caller.bounds ?? JoinBounds())
    var isGreeted = false
    var unseen = 0
    do {
      for try await frame in frames {
        guard frame.messages.count <= WireBounds.frameMessages else {
          throw WireError(
            "a frame has \(frame.messages.count) messages, at most \(WireBounds.frameMessages) are accepted")
        }
        await driver.ready()
        var events: [ServerEvent] = []
        events.reserveCapacity(frame.messages.count)
        for message in frame.messages {
          let message = try message.model()
          if isGreeted {
            events.append(.received(id, bounded(message, by: grant)))
          } else if case .hello(let claim) = message {
            isGreeted = true
            watch.greeted(id)
            guard let hello = admitted(claim, by: grant, outbox) else { return }
            events.append(.connected(id, hello))
          } else {
            throw WireError("the first message of a stream must be hello")
          }
        }
        if events.count == 1 { driver.perform(events[0]) } else { driver.post(contentsOf: events) }
        unseen += events.count
        if unseen >= Self.window {
          await driver.inspect { _ in }
          unseen = 0
        }
      }
    } catch let error as WireError {
      count("message.invalid")
      logger.warning("worker sent what cannot be read", metadata: ["error": "\(error)"])
      outbox.append(.refused(.invalid, message: error.message))
    } catch {
      logger.debug("worker's stream ended", metadata: ["error": "\(error)"])
    }
  }

  /// What the worker may be; nil when its token lets it not join.
  private func admitted(_ hello: Hello, by grant: JoinGrant, _ outbox: Outbox) -> Hello? {
    switch grant.admit(hello) {
    case .admitted(let hello, let cuts):
      for cut in cuts { count("hello.cut.\(cut.rawValue)") }
      return hello
    case .refused(let reason):
      count("stream.refused.unauthorized")
      outbox.append(.refused(.unauthorized, message: reason))
      return nil
    }
  }

  private func bounded(_ message: WorkerMessage, by grant: JoinGrant) -> WorkerMessage {
    guard case .heartbeat(var heartbeat) = message, !heartbeat.metrics.isEmpty else { return message }
    let (metrics, cuts) = grant.admit(heartbeat.metrics)
    if cuts.isEmpty { return message }
    for cut in cuts { count("heartbeat.cut.\(cut.rawValue)") }
    heartbeat.metrics = metrics
    return .heartbeat(heartbeat)
  }

  private func count(_ name: String) { events.publish(.core(.counted(name))) }

  private func write(_ outbox: Outbox, to writer: RPCWriter<WireServerFrame>) async {
    var encoder = ServerMessageEncoder()
    while let messages = await outbox.next() {
      // A frame stays far below the bound of 4 MiB: an assignment has at most 64 KiB of parameters, and a
      // definition of 256 KiB travels once.
      var rest = messages[...]
      while !rest.isEmpty {
        var frame = WireServerFrame()
        var weight = 0
        while let message = rest.first, weight < 1 << 20 {
          let wire = encoder.encode(message)
          weight += wire.approximateBytes
          frame.messages.append(wire)
          rest.removeFirst()
        }
        do {
          try await writer.write(frame)
        } catch {
          return
        }
      }
    }
  }
}

extension WireServerMessage {
  /// Roughly what it takes in a frame.
  fileprivate var approximateBytes: Int {
    if case .dispatch(let dispatch) = kind {
      return 64 + dispatch.definition.utf8.count + dispatch.parameters.utf8.count
    }
    return 32
  }
}
