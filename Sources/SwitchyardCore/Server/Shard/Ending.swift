import SwitchyardModel

/// What follows from the outcome of an attempt.
///
/// | outcome | follows |
/// | --- | --- |
/// | succeeded | the end |
/// | failed, timed out | counts as a try: again after the policy's wait, or the end |
/// | stopped | the end |
/// | lost; isolated after it began | `onLost`: again, the end, or held. Not a try; the end after so many in a row |
/// | rejected | again, after a wait that grows |
/// | superseded; isolated before it began | again at once |
///
/// An instance that somebody wants stopped never waits again: it ends with the truth, or as `stopped` where
/// nothing ran.
enum Ending {
  static func next(
    after outcome: AttemptOutcome, began: Bool, _ entry: Entry, _ configuration: ServerConfiguration,
    at now: Timestamp, _ random: inout SeededRandom
  ) -> (AttemptOutcome, Finish.Next) {
    let isStopping = entry.instance.state == .stopping
    let tries = entry.instance.tries
    let again = Finish.Next.wait(readyAt: now, tries: tries)
    switch outcome {
    case .succeeded: return (outcome, .end(.succeeded))
    case .stopped: return (outcome, .end(.stopped))
    case .failed, .timedOut:
      let counted = tries < .max ? tries + 1 : tries
      let retry = entry.definition.spec.retry
      guard !isStopping, retry.allowsRetry(afterTries: counted) else {
        return (outcome, .end(outcome == .failed ? .failed : .timedOut))
      }
      let wait = retry.delay(afterTry: counted, random: &random)
      return (outcome, .wait(readyAt: now + wait, tries: counted))
    case .isolated where isStopping: return (outcome, .end(.stopped))
    case .isolated where !began: return (outcome, again)
    case .lost, .isolated:
      if isStopping { return (outcome, .end(.lost)) }
      switch entry.definition.spec.onLost {
      case .retry: return (outcome, isTooMany(entry.losses, configuration) ? .end(.lost) : again)
      case .fail: return (outcome, .end(.lost))
      case .hold: return (outcome, .hold)
      }
    case .rejected:
      if isStopping { return (outcome, .end(.stopped)) }
      let wait = configuration.rejectBackoff * (1 << Int64(min(entry.rejections, 6)))
      return (outcome, .wait(readyAt: now + wait, tries: tries))
    case .superseded: return (outcome, isStopping ? .end(.stopped) : again)
    }
  }

  /// Whether another loss would be one too many: what takes its workers down with it does not go on for ever.
  static func isTooMany(_ losses: UInt8, _ configuration: ServerConfiguration) -> Bool {
    losses + 1 >= configuration.lossLimit
  }

  /// How strategies are told; each attempt that was dispatched ends once.
  static func event(for outcome: AttemptOutcome) -> PlacementEvent.Kind {
    switch outcome {
    case .succeeded: .succeeded
    case .failed: .failed
    case .timedOut: .timedOut
    case .stopped: .stopped
    case .lost, .isolated: .lost
    case .rejected, .superseded: .rejected
    }
  }
}
