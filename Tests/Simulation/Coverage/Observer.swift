import SwitchyardCore
import SwitchyardModel

/// Looks into the machines after every event, and counts how they changed. It costs more than all the rest, so that only
/// runs that ask for coverage have it.
struct Observer {
  private var server: ServerInside?
  private var agents: [Int: AgentInside] = [:]

  /// The process is gone; what comes is another.
  mutating func serverStarts() { server = nil }
  mutating func agentStarts(_ index: Int) { agents[index] = nil }

  mutating func look(at core: ServerCore, into coverage: inout Coverage) {
    let now = core.inside
    let before = server ?? ServerInside(phase: "new")
    server = now
    coverage.transition(.phase, before.phase, now.phase)
    // All is dropped when the server resigns: that says nothing of single stages.
    if now.phase == "owning", before.phase == "owning" {
      coverage.transitions(.entry, before.entries, now.entries)
      coverage.transitions(.session, before.sessions, now.sessions)
    }
    for name in now.deferrals where !before.deferrals.contains(name) { coverage.add(.deferral, name) }
    for name in now.jobWork where !before.jobWork.contains(name) { coverage.add(.jobWork, name) }
  }

  mutating func look(at agent: AgentMachine, _ index: Int, into coverage: inout Coverage) {
    let now = agent.inside
    let before = agents[index] ?? AgentInside(phase: "new", link: "none")
    agents[index] = now
    coverage.transition(.agent, before.phase, now.phase)
    coverage.transition(.link, before.link, now.link)
    coverage.transitions(.attempt, before.attempts, now.attempts)
  }
}

extension Coverage {
  fileprivate mutating func transition(_ group: Group, _ old: String, _ new: String) {
    if old != new { add(group, "\(old) → \(new)") }
  }

  fileprivate mutating func transitions<ID: Hashable>(_ group: Group, _ old: [ID: String], _ new: [ID: String]) {
    for (id, word) in new { transition(group, old[id] ?? "nothing", word) }
    for (id, word) in old where new[id] == nil { transition(group, word, "nothing") }
  }

  mutating func add(_ counters: AgentCounters) {
    let all = [
      ("other stream", counters.otherStream), ("fenced", counters.fenced), ("doubles", counters.doubles),
      ("stale", counters.stale), ("rejected", counters.rejected), ("isolated", counters.isolated),
      ("judged", counters.judged), ("ignored", counters.ignored),
    ]
    for (name, count) in all where count > 0 { add(.counter, name, Int(clamping: count)) }
  }
}
