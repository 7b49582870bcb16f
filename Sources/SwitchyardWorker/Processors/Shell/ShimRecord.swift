package import SwitchyardModel

/// What a shim tells about its attempt, one record a packet. The protocol is described in the shim's `main.c`.
package enum ShimRecord: Hashable, Sendable {
  /// Why the shim sent the strongest signal that it sent.
  package enum Reason: String, Sendable {
    case none, timeout, stopped, isolated, orphaned
  }

  package struct End: Hashable, Sendable {
    package enum Status: Hashable, Sendable {
      case exit(Int32)
      case signal(Int32)
    }

    package var status: Status
    package var reason: Reason
    /// Descendants besides the main process that had to be killed.
    package var leftover: Int
    package var at: BootTime
  }

  case started(process: Int32, at: BootTime, cgroup: Bool)
  /// So many processes live on after KILL; the attempt is not over.
  case survivors(Int)
  case ended(End)
  case spawnFailed(errorNumber: Int32, step: String)

  /// Reads a record; nil for anything else.
  package init?(_ text: String) {
    guard text.utf8.count <= 128, text.last == "\n" else { return nil }
    let words = text.dropLast().split(separator: " ", omittingEmptySubsequences: false)
    switch words.first {
    case "started":
      guard words.count == 4, let process = Int32(words[1]), let at = Int64(words[2]),
        words[3] == "cgroup" || words[3] == "tree"
      else { return nil }
      self = .started(process: process, at: BootTime(nanoseconds: at), cgroup: words[3] == "cgroup")
    case "survivors":
      guard words.count == 2, let count = Int(words[1]) else { return nil }
      self = .survivors(count)
    case "exit", "signal":
      guard words.count == 7, let number = Int32(words[1]), let reason = Reason(rawValue: String(words[2])),
        words[3] == "leftover", let leftover = Int(words[4]), words[5] == "at", let at = Int64(words[6])
      else { return nil }
      self = .ended(
        End(
          status: words[0] == "exit" ? .exit(number) : .signal(number), reason: reason, leftover: leftover,
          at: BootTime(nanoseconds: at)))
    case "spawn-failed":
      guard words.count == 3, let number = Int32(words[1]) else { return nil }
      self = .spawnFailed(errorNumber: number, step: String(words[2]))
    default: return nil
    }
  }
}
