import Foundation
import SwiftProtobuf
package import SwitchyardModel

extension WireWorkerMessage {
  package init(_ message: WorkerMessage) {
    self.init()
    switch message {
    case .hello(let hello): self.hello = WireHello(hello)
    case .heartbeat(let beat):
      heartbeat = .with {
        $0.sequence = beat.sequence
        $0.used = beat.used
        $0.queued = beat.queued
        if !beat.metrics.isEmpty { $0.metrics = WireMetrics(beat.metrics) }
      }
    case .accepted(let ref, let startedAt):
      accepted = .with {
        $0.attempt = WireAttemptRef(ref)
        $0.startedAt = wireTime(startedAt)
      }
    case .rejected(let ref, let reason):
      rejected = .with {
        $0.attempt = WireAttemptRef(ref)
        $0.reason = reason
      }
    case .result(let result): self.result = WireResult(result)
    case .log(let chunk):
      log = .with {
        $0.attempt = WireAttemptRef(chunk.attempt)
        $0.offset = chunk.offset
        $0.data = Data(chunk.bytes)
        $0.dropped = chunk.dropped
      }
    case .draining: draining = WireDraining()
    case .goodbye: goodbye = WireGoodbye()
    }
  }

  /// - Throws: ``WireError`` when the message is of no known kind or breaks a bound.
  package func model() throws(WireError) -> WorkerMessage {
    switch kind {
    case .hello(let hello): return .hello(try hello.model())
    case .heartbeat(let beat):
      return .heartbeat(
        Heartbeat(
          sequence: beat.sequence, used: beat.used, queued: beat.queued,
          metrics: beat.hasMetrics ? try beat.metrics.model() : WorkerMetrics()))
    case .accepted(let accepted):
      return .accepted(accepted.attempt.model, startedAt: Timestamp(nanoseconds: accepted.startedAt))
    case .rejected(let rejected):
      return .rejected(
        rejected.attempt.model, reason: try bounded(rejected.reason, WireBounds.textBytes, "rejected.reason"))
    case .result(let result): return .result(try result.model())
    case .log(let chunk):
      try count(chunk.data.count, atMost: WireBounds.chunkBytes, "log.data")
      return .log(
        LogChunk(
          attempt: chunk.attempt.model, offset: chunk.offset, bytes: Array(chunk.data), dropped: chunk.dropped))
    case .draining: return .draining
    case .goodbye: return .goodbye
    case nil: throw WireError("message of an unknown kind")
    }
  }
}

extension WireHello {
  init(_ hello: Hello) {
    self = .with {
      $0.name = hello.ref.name
      $0.incarnation = hello.ref.incarnation
      $0.lineage = hello.lineage
      $0.profile = WireProfile(hello.profile)
      $0.metrics = WireMetrics(hello.metrics)
      $0.inventory = hello.inventory.map { item in
        .with {
          $0.attempt = WireAttemptRef(item.attempt)
          $0.slots = item.slots
          $0.finished = item.finished
          $0.startedAt = wireTime(item.startedAt)
        }
      }
      $0.draining = hello.draining
    }
  }

  func model() throws(WireError) -> Hello {
    try count(inventory.count, atMost: WireBounds.inventoryCount, "hello.inventory")
    return Hello(
      ref: WorkerRef(name: try SwitchyardWire.name(name, "hello.name"), incarnation: incarnation),
      lineage: lineage, profile: try profile.model(), metrics: try metrics.model(),
      inventory: inventory.map { item in
        InventoryItem(
          attempt: item.attempt.model, slots: item.slots, finished: item.finished,
          startedAt: modelTime(item.startedAt))
      },
      draining: draining)
  }
}

extension WireResult {
  init(_ result: AttemptResult) {
    self = .with {
      $0.attempt = WireAttemptRef(result.attempt)
      $0.outcome = WireOutcome(result.outcome)
      $0.startedAt = wireTime(result.startedAt)
      $0.endedAt = wireTime(result.endedAt)
      if let text = result.result { $0.result = text }
      if let text = result.detail { $0.detail = text }
    }
  }

  func model() throws(WireError) -> AttemptResult {
    AttemptResult(
      attempt: attempt.model, outcome: try outcome.model(), startedAt: modelTime(startedAt),
      endedAt: Timestamp(nanoseconds: endedAt),
      result: hasResult ? try bounded(result, WireBounds.resultBytes, "result.result") : nil,
      detail: hasDetail ? try bounded(detail, WireBounds.textBytes, "result.detail") : nil)
  }
}

extension WireOutcome {
  /// Outcomes that only a server gives (`lost`, `rejected`, `superseded`) have no number here.
  init(_ outcome: AttemptOutcome) {
    switch outcome {
    case .succeeded: self = .succeeded
    case .failed: self = .failed
    case .timedOut: self = .timedOut
    case .stopped: self = .stopped
    case .isolated: self = .isolated
    case .lost, .rejected, .superseded: self = .unspecified
    }
  }

  func model() throws(WireError) -> AttemptOutcome {
    switch self {
    case .succeeded: .succeeded
    case .failed: .failed
    case .timedOut: .timedOut
    case .stopped: .stopped
    case .isolated: .isolated
    case .unspecified, .UNRECOGNIZED: throw WireError("result.outcome must be a known outcome")
    }
  }
}
