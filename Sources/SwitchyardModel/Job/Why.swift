/// Why a job fired at an instant, or did not, or will: from its definition as it is now and the record of that due time.
///
/// | verdict | when, the first that fits |
/// | --- | --- |
/// | `fired` | the due time has an instance; its state says what became of it |
/// | `skipped` | it lies within the record of due times that were skipped |
/// | `no-schedule` | the job runs when it is told to, and only then |
/// | `after-run` | a fixed delay: its due times follow from its runs |
/// | `not-created` | the job came to be later |
/// | `before-start`, `after-end` | outside of the job's life |
/// | `not-due` | the schedule does not name it; the nearest due times are told |
/// | `paused` | it would be due, and the job is paused |
/// | `due` | it is to come, or has come and fires next |
/// | `not-recorded` | it would have been due, but the job was then paused, or defined otherwise |
package struct Why: Hashable, Sendable {
  package enum Verdict: String, CaseIterable, Sendable {
    case fired, skipped
    case noSchedule = "no-schedule"
    case afterRun = "after-run"
    case notCreated = "not-created"
    case beforeStart = "before-start"
    case afterEnd = "after-end"
    case notDue = "not-due"
    case paused, due
    case notRecorded = "not-recorded"
  }

  package var verdict: Verdict
  /// The due time that was meant: asked for a whole second, it may lie within that second.
  package var time: Timestamp
  /// In a sentence.
  package var because: String
  /// The nearest due times, by the definition as it is now.
  package var before: Timestamp?
  package var after: Timestamp?
  /// When its instance starts at the earliest and at the latest, where there is jitter.
  package var window: ClosedRange<Timestamp>?
}

extension Job {
  /// The due time that is meant by an instant: people write seconds, where a rate may be due in the midst of one.
  package func due(meaning time: Timestamp, zone: TimeZoneRules) -> Timestamp {
    guard time.nanoseconds % 1_000_000_000 == 0,
      let due = spec.nextDue(after: time - .nanoseconds(1), anchor: anchor, zone: zone), due - time < .seconds(1)
    else { return time }
    return due
  }

  /// - Parameters:
  ///   - time: of ``due(meaning:zone:)``.
  ///   - record: the instance of the latest due time that is not later than that.
  package func why(at time: Timestamp, now: Timestamp, record: Instance?, zone: TimeZoneRules) -> Why {
    let line = DueLine(spec: spec, anchor: anchor, zone: zone)
    let isDue = spec.nextDue(after: time - .nanoseconds(1), anchor: anchor, zone: zone) == time
    let (verdict, because) = verdict(at: time, now: now, record, isDue: isDue)
    var why = Why(verdict: verdict, time: time, because: because)
    if case .fixedDelay = spec.schedule { return why }
    why.before = line.latest(before: time)
    why.after = spec.nextDue(after: time, anchor: anchor, zone: zone)
    if isDue, spec.jitter > .zero { why.window = time...(time + spec.jitter) }
    return why
  }

  private func verdict(
    at time: Timestamp, now: Timestamp, _ record: Instance?, isDue: Bool
  ) -> (Why.Verdict, String) {
    if let record, record.state != .skipped, record.dueAt == time {
      return (.fired, "it fired: instance \(record.id) is \(record.state.name)")
    }
    if let record, let skip = Skip(result: record.result), skip.covers(time), isDue || skip.first == time {
      return (.skipped, record.detail ?? "it was skipped: \(skip.reason.rawValue)")
    }
    switch spec.schedule {
    case .api: return (.noSchedule, "the job has no schedule: it runs when it is told to")
    case .fixedDelay(let delay):
      return (
        .afterRun,
        "a fixed delay is due \(delay) after the run before is over; "
          + (nextFire.map { "next at \($0)" } ?? "no run is over that it could count from")
      )
    default: break
    }
    if time < createdAt { return (.notCreated, "the job came to be at \(createdAt)") }
    if let startsAt = spec.startsAt, time < startsAt { return (.beforeStart, "its life begins at \(startsAt)") }
    if let endsAt = spec.endsAt, time >= endsAt { return (.afterEnd, "its life ends at \(endsAt)") }
    guard isDue else { return (.notDue, "its schedule does not name that instant in \(spec.timeZone)") }
    if state == .paused { return (.paused, "the job is paused since \(updatedAt)") }
    if let nextFire, time >= nextFire {
      return (.due, time > now ? "it will be due" : "it has come, and is about to fire or to be skipped")
    }
    return (
      .notRecorded,
      "by its definition since \(updatedAt) it would be due, but it has no record: the job was paused then, or defined "
        + "otherwise"
    )
  }
}
