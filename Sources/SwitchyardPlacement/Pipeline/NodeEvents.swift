import CSwitchyard
import SwitchyardModel
import SwitchyardPlugins

/// Events as strategies read them.
enum NodeEvents {
  /// - Parameter isOwn: the lane that tells it had placed the job.
  static func attempt(_ event: PlacementEvent, seat: UInt32, id: UInt64, type: UInt32, isOwn: Bool) -> sy_event {
    var flags: UInt32 = isOwn ? UInt32(SY_EVF_OWN) : 0
    switch event.kind {
    case .dispatched, .accepted: break
    case .rejected, .succeeded, .failed, .timedOut, .stopped, .lost: flags |= UInt32(SY_EVF_ENDS)
    }
    return sy_event(
      kind: UInt32(event.kind.rawValue), flags: flags, type: type, seat: seat, node: id,
      instance: event.instance.rawValue, job: event.job.rawValue, at_ns: HostClock.now, took_ns: event.took.nanoseconds,
      attempt: event.attempt, slots: event.slots)
  }

  /// Nil: nothing that strategies are told.
  static func change(from old: NodeRow?, to row: NodeRow) -> sy_event? {
    let wasLive = old?.ref == row.ref && old?.state == .live
    switch row.state {
    case .live: return wasLive ? nil : node(row, SY_EV_JOINED)
    case .draining: return old?.state == .draining ? nil : node(row, SY_EV_DRAINING)
    case .suspended: return wasLive ? node(row, SY_EV_LEFT) : nil
    }
  }

  static func node(_ row: NodeRow, _ kind: Int) -> sy_event {
    var event = sy_event()
    event.kind = UInt32(kind)
    event.seat = row.seat
    event.node = row.id
    event.at_ns = HostClock.now
    return event
  }
}
