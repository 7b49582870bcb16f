package import SwitchyardModel

/// Where a worker stands between two events, in words; see ``ServerInside``.
package struct AgentInside: Sendable {
  package var phase: String
  package var link: String
  /// Of each attempt that it holds its stage.
  package var attempts: [AttemptRef: String] = [:]

  package init(phase: String, link: String) {
    self.phase = phase
    self.link = link
  }
}

extension AgentMachine {
  package var inside: AgentInside {
    var inside = AgentInside(phase: phase.word, link: link.word)
    for attempt in held.all { inside.attempts[attempt.ref] = attempt.stage.word }
    return inside
  }
}

extension AgentMachine.Phase {
  fileprivate var word: String {
    switch self {
    case .new: "new"
    case .serving: "serving"
    case .judged: "judged"
    case .renewing: "renewing"
    case .finished: "finished"
    }
  }
}

extension AgentMachine.Link {
  fileprivate var word: String {
    switch self {
    case .none: "none"
    case .waiting: "waiting"
    case .connecting: "connecting"
    case .greeting: "greeting"
    case .live: "live"
    }
  }
}

extension HeldAttempt.Stage {
  fileprivate var word: String {
    switch self {
    case .starting: "starting"
    case .running: "running"
    case .finished: "finished"
    }
  }
}
