package import SwitchyardCore
package import SwitchyardModel

/// Runs the attempts of one kind of processor.
///
/// Called by the agent on its own thread, so nothing here blocks. Each attempt that was started is answered by exactly
/// one `ended`, with a `started` before it if it began.
package protocol AttemptRunner: Sendable {
  /// The name of the processor, as in ``Processor/type``.
  var type: String { get }
  func start(_ assignment: Assignment)
  /// Ends an attempt: politely when it is `stopped`, at once when it is `isolated`. Nothing happens if it has ended.
  func stop(_ ref: AttemptRef, _ reason: KillReason)
  /// Kills everything and returns when nothing runs any more, or when that takes too long.
  func shutdown() async
}

/// What a runner says of an attempt.
package enum AttemptReport: Sendable {
  case started(AttemptRef, at: Timestamp)
  /// Nothing of it runs any more, and its output is in the log book.
  case ended(AttemptResult)
}

/// Where runners say it; from any thread.
package typealias AttemptReports = @Sendable (AttemptReport) -> Void

/// What a result may hold.
package enum ResultBounds {
  package static let resultBytes = 64 << 10
  package static let detailBytes = 1 << 10

  /// Text cut to a bound, at a character.
  static func cut(_ text: String, to limit: Int) -> String {
    guard text.utf8.count > limit else { return text }
    // A repaired half of a character is three bytes, which the bound leaves room for.
    return String(decoding: text.utf8.prefix(limit - 6), as: UTF8.self) + "…"
  }
}

extension Assignment {
  /// The parameters of this run, or the job's own.
  var effectiveParameters: String? { parameters ?? definition.spec.parameters }

  func result(
    _ outcome: AttemptOutcome, startedAt: Timestamp?, endedAt: Timestamp, result: String? = nil, detail: String? = nil
  ) -> AttemptResult {
    AttemptResult(
      attempt: attempt, outcome: outcome, startedAt: startedAt, endedAt: endedAt, result: result,
      detail: detail.map { ResultBounds.cut($0, to: ResultBounds.detailBytes) })
  }
}
