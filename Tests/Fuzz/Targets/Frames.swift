import SwiftProtobuf
import SwitchyardCore
import SwitchyardModel
import SwitchyardWire

/// A frame of a worker's messages, as the gateway reads it.
@Sendable func workerFrames(_ bytes: [UInt8]) {
  guard let frame = try? WireWorkerFrame(serializedBytes: bytes) else { return }
  for message in frame.messages {
    guard let message = try? message.model() else { return }
    // As text: a number that is none is not the same as itself.
    expectSame("\(message)", "\(try WireWorkerMessage(message).model())")
  }
}

/// Bytes as frames of two workers, on a core that has work for the first of them; it is read as the gateway reads it.
/// Each frame stands behind its length in two bytes.
@Sendable func workerSession(_ bytes: [UInt8]) {
  var server = liveServer
  var greeted: Set<ConnectionID> = [ConnectionID(1)]
  var rest = bytes[...]
  while rest.count > 2 {
    let length = Int(rest.removeFirst()) << 8 | Int(rest.removeFirst())
    let frame = Array(rest.prefix(length))
    rest = rest.dropFirst(length)
    // Half of the frames come from a worker that has not been heard of before.
    let connection = ConnectionID(length & 1 == 0 ? 1 : 2)
    do {
      for message in try WireWorkerFrame(serializedBytes: frame).messages {
        let message = try message.model()
        if greeted.contains(connection) {
          server.handle(.received(connection, message))
        } else if case .hello(let hello) = message {
          greeted.insert(connection)
          server.handle(.connected(connection, hello))
        } else {
          throw WireError("the first message of a stream must be hello")
        }
        server.settle()
      }
    } catch {
      greeted.remove(connection)
      server.handle(.disconnected(connection))
    }
    server.pass(.milliseconds(Int64(length) * 100))
  }
  // All timers of all shards take longer than all else: for one input in sixteen.
  if bytes.last.map({ $0 & 15 == 0 }) ?? true { server.pass(.seconds(60)) }
}

/// The worker's side: frames of one stream, whose definitions come once.
@Sendable func serverFrames(_ bytes: [UInt8]) {
  var decoder = ServerMessageDecoder()
  guard let frame = try? WireServerFrame(serializedBytes: bytes) else { return }
  for message in frame.messages {
    guard let message = try? decoder.decode(message) else { return }
    var encoder = ServerMessageEncoder()
    var again = ServerMessageDecoder()
    expectSame(message, try again.decode(encoder.encode(message)))
  }
}
