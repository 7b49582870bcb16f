import SwiftProtobuf
package import SwitchyardModel

/// Turns what a server says on one stream into frames. Keeps which definitions the stream has carried, so
/// that a job's definition travels once and not with each of its attempts.
package struct ServerMessageEncoder: Sendable {
  private var sent: Set<JobVersion> = []

  package init() {}

  package mutating func encode(_ message: ServerMessage) -> WireServerMessage {
    var wire = WireServerMessage()
    switch message {
    case .welcome(let welcome):
      wire.welcome = .with {
        $0.server = welcome.server.id
        $0.serverIncarnation = welcome.server.incarnation
        $0.session = welcome.session
        $0.leaseMs = UInt64(clamping: welcome.lease.milliseconds)
        $0.heartbeatEveryMs = UInt64(clamping: welcome.heartbeatEvery.milliseconds)
        $0.epochs = welcome.epochs.map(WireShardEpoch.init)
      }
    case .refused(let code, let message):
      wire.refused = .with {
        $0.code = WireRefusal(rawValue: Int(code.rawValue)) ?? .unspecified
        $0.message = message
      }
    case .heartbeatAck(let sequence): wire.heartbeatAck = .with { $0.sequence = sequence }
    case .dispatch(let assignment): wire.dispatch = encode(assignment)
    case .resultAck(let ref): wire.resultAck = .with { $0.attempt = WireAttemptRef(ref) }
    case .logAck(let ref, let offset):
      wire.logAck = .with {
        $0.attempt = WireAttemptRef(ref)
        $0.offset = offset
      }
    case .stop(let ref, let shard, let epoch):
      wire.stop = .with {
        $0.attempt = WireAttemptRef(ref)
        $0.shard = UInt32(shard.number)
        $0.epoch = epoch
      }
    case .epochs(let claims): wire.epochs = .with { $0.epochs = claims.map(WireShardEpoch.init) }
    case .drain: wire.drain = WireDrain()
    }
    return wire
  }

  private mutating func encode(_ assignment: Assignment) -> WireDispatch {
    if sent.count >= WireBounds.definitions { sent.removeAll(keepingCapacity: true) }
    let isNew = sent.insert(assignment.definition).inserted
    return .with {
      $0.attempt = WireAttemptRef(assignment.attempt)
      $0.shard = UInt32(assignment.shard.number)
      $0.epoch = assignment.epoch
      $0.app = assignment.definition.app
      $0.job = assignment.definition.job.rawValue
      $0.jobVersion = assignment.definition.number
      if isNew { $0.definition = assignment.definition.spec.json.text }
      if let parameters = assignment.parameters { $0.parameters = parameters }
      $0.dueAt = wireTime(assignment.dueAt)
    }
  }
}

/// The worker's end: keeps the definitions that the stream has carried.
package struct ServerMessageDecoder: Sendable {
  private struct Key: Hashable {
    var job: UInt64
    var version: UInt32
  }

  private var known: [Key: JobVersion] = [:]

  package init() {}

  /// - Throws: ``WireError`` when the message is of no known kind or breaks a bound.
  package mutating func decode(_ wire: WireServerMessage) throws(WireError) -> ServerMessage {
    switch wire.kind {
    case .welcome(let welcome):
      return .welcome(
        Welcome(
          server: ServerRef(id: welcome.server, incarnation: welcome.serverIncarnation),
          session: welcome.session, lease: .milliseconds(Int64(clamping: welcome.leaseMs)),
          heartbeatEvery: .milliseconds(Int64(clamping: welcome.heartbeatEveryMs)),
          epochs: try claims(welcome.epochs)))
    case .refused(let refused):
      return .refused(
        Refusal(rawValue: UInt8(clamping: refused.code.rawValue)) ?? .unavailable, message: refused.message)
    case .heartbeatAck(let ack): return .heartbeatAck(sequence: ack.sequence)
    case .dispatch(let dispatch): return .dispatch(try decode(dispatch))
    case .resultAck(let ack): return .resultAck(ack.attempt.model)
    case .logAck(let ack): return .logAck(ack.attempt.model, offset: ack.offset)
    case .stop(let stop):
      return .stop(stop.attempt.model, shard: try wireShard(stop.shard), epoch: stop.epoch)
    case .epochs(let epochs): return .epochs(try claims(epochs.epochs))
    case .drain: return .drain
    case nil: throw WireError("message of an unknown kind")
    }
  }

  private func claims(_ list: [WireShardEpoch]) throws(WireError) -> [ShardClaim] {
    try count(list.count, atMost: Shard.count, "epochs")
    var result: [ShardClaim] = []
    for claim in list { result.append(try claim.model()) }
    return result
  }

  private mutating func decode(_ dispatch: WireDispatch) throws(WireError) -> Assignment {
    let key = Key(job: dispatch.job, version: dispatch.jobVersion)
    let definition: JobVersion
    if dispatch.definition.isEmpty {
      guard let kept = known[key] else { throw WireError("dispatch without a definition that came before") }
      definition = kept
    } else {
      _ = try bounded(dispatch.definition, WireBounds.definitionBytes, "dispatch.definition")
      definition = try self.definition(dispatch)
      if known.count >= WireBounds.definitions { known.removeAll(keepingCapacity: true) }
      known[key] = definition
    }
    return Assignment(
      attempt: dispatch.attempt.model, shard: try wireShard(dispatch.shard), epoch: dispatch.epoch,
      definition: definition, parameters: dispatch.hasParameters ? dispatch.parameters : nil,
      dueAt: Timestamp(nanoseconds: dispatch.dueAt))
  }

  private func definition(_ dispatch: WireDispatch) throws(WireError) -> JobVersion {
    do {
      let spec = try JobSpec(json: try JSONValue(parsing: Array(dispatch.definition.utf8)))
      return JobVersion(
        job: JobID(rawValue: dispatch.job), number: dispatch.jobVersion, app: dispatch.app, spec: spec)
    } catch {
      throw WireError("dispatch.definition: \(error)")
    }
  }
}
