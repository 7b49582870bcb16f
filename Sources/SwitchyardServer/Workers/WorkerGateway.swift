import GRPCCore
import Logging
import SwitchyardCore
import SwitchyardModel
import SwitchyardWire

/// The gRPC face of the server: one bidirectional stream for each worker.
///
/// It turns frames into events and the outbox into frames; what a message means is the core's business.
struct WorkerGateway: WireWorkerService.StreamingServiceProtocol {
  let connections: WorkerConnections
  let tokens: TokenCheck
  let driver: ServerDriver
  let logger: Logger

  func session(
    request: StreamingServerRequest<WireWorkerFrame>, context: ServerContext
  ) async throws -> StreamingServerResponse<WireServerFrame> {
    guard tokens.allows(request.metadata, .join) else {
      throw RPCError(
        code: .unauthenticated,
        message: "the token is missing or wrong: pass --worker-token-file with the server's worker-token")
    }
    return StreamingServerResponse { writer in
      let outbox = Outbox()
      let id = connections.add(outbox)
      await withTaskGroup { group in
        let reading = "reading"
        group.addTask {
          await write(outbox, to: writer)
          return "writing"
        }
        group.addTask {
          await read(request.messages, on: id, outbox)
          return reading
        }
        group.addTask {
          // A peer that does not read what is left for it is not waited for longer than this.
          await outbox.closing.wait()
          try? await Task.sleep(for: .seconds(10))
          return "closing"
        }
        let first = await group.next()
        // The writer ends by itself when the outbox is closed and empty: a refusal still goes out. The reader
        // would wait for the worker.
        outbox.close()
        if first == reading { _ = await group.next() }
        group.cancelAll()
      }
      connections.remove(id)
      driver.post(.disconnected(id))
      return [:]
    }
  }

  private func read(_ frames: RPCAsyncSequence<WireWorkerFrame, any Error>, on id: ConnectionID, _ outbox: Outbox) async
  {
    var isGreeted = false
    do {
      for try await frame in frames {
        await driver.ready()
        var events: [ServerEvent] = []
        events.reserveCapacity(frame.messages.count)
        for message in frame.messages {
          let message = try message.model()
          if isGreeted {
            events.append(.received(id, message))
          } else if case .hello(let hello) = message {
            isGreeted = true
            events.append(.connected(id, hello))
          } else {
            throw WireError("the first message of a stream must be hello")
          }
        }
        driver.post(contentsOf: events)
      }
    } catch let error as WireError {
      logger.warning("worker sent what cannot be read", metadata: ["error": "\(error)"])
      outbox.append(.refused(.invalid, message: error.message))
    } catch {
      logger.debug("worker's stream ended", metadata: ["error": "\(error)"])
    }
  }

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
          return outbox.close()
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
