import SwitchyardCore
import SwitchyardModel

/// How often each thing that can happen did happen: by group and name.
package struct Coverage: Sendable {
  package enum Group: String, CaseIterable, Sendable {
    /// Durable states of instances, and by which operation they changed.
    case instance = "durable state"
    /// Ends of attempts, and what followed.
    case ending = "end of an attempt"
    case operation = "answer of the store"
    /// Stages as they are seen between two events; several may pass within one.
    case entry = "stage of an instance in memory"
    case deferral = "deferred until an operation ends"
    case jobWork = "work on a job"
    case session = "stage of a session"
    case phase = "phase of a server"
    case agent = "phase of a worker"
    case link = "link of a worker"
    case attempt = "attempt at its worker"
    case request = "request and answer"
    case rejection = "why a worker rejects"
    case counter = "counted by workers"
    case notice = "counted by the server"
    case world = "happened in the world"
    case fault
  }

  package private(set) var counts: [Group: [String: Int]] = [:]

  package init() {}

  package mutating func add(_ group: Group, _ name: String, _ count: Int = 1) {
    counts[group, default: [:]][name, default: 0] += count
  }

  package mutating func add(_ other: Coverage) {
    for (group, names) in other.counts {
      for (name, count) in names { add(group, name, count) }
    }
  }

  package func count(_ group: Group, _ name: String) -> Int { counts[group]?[name] ?? 0 }

  // MARK: Against what there is

  /// What can happen, did not, and is neither explained nor rare.
  package var missing: [(group: Group, name: String)] {
    each { group, name in
      count(group, name) == 0 && group.explanation(of: name) == nil && group.rarity(of: name) == nil
    }
  }

  /// What happened although nobody thought that it can, or although an explanation says that it does not.
  package var unexpected: [(group: Group, name: String)] {
    Group.allCases.flatMap { group in
      (counts[group] ?? [:]).keys.sorted()
        .filter { !group.universe.contains($0) || group.explanation(of: $0) != nil }
        .map { (group, $0) }
    }
  }

  private func each(where fits: (Group, String) -> Bool) -> [(group: Group, name: String)] {
    Group.allCases.flatMap { group in group.universe.filter { fits(group, $0) }.map { (group, $0) } }
  }

  /// A table of all groups; with every name and its count, or only with what was not reached.
  package func report(whole: Bool) -> String {
    var lines: [String] = []
    for group in Group.allCases {
      let reached = group.universe.filter { count(group, $0) > 0 }.count
      lines.append("\(group.rawValue): \(reached) of \(group.universe.count)")
      for name in group.universe {
        let count = count(group, name)
        if count > 0 {
          if whole { lines.append("  \(pad(count)) \(name)") }
        } else if let why = group.explanation(of: name) {
          if whole { lines.append("  explained \(name): \(why)") }
        } else if let why = group.rarity(of: name) {
          if whole { lines.append("  rare \(name): \(why)") }
        } else {
          lines.append("  NOT REACHED \(name)")
        }
      }
    }
    for (group, name) in unexpected { lines.append("UNEXPECTED \(group.rawValue): \(name)") }
    return lines.joined(separator: "\n")
  }

  private func pad(_ count: Int) -> String {
    let digits = String(count)
    return String(repeating: " ", count: max(0, 9 - digits.count)) + digits
  }
}
