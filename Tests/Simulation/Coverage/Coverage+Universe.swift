import SwitchyardCore
import SwitchyardModel

/// All that can happen, by group. What happens and is not here is as much a finding as what is here and never happens.
extension Coverage.Group {
  package var universe: [String] {
    switch self {
    case .instance: Self.instances
    case .ending: Self.endings
    case .operation: Self.operations
    case .entry: Self.entries
    case .deferral: Self.deferrals
    case .jobWork: ["create", "edit", "set", "mend chain", "keep to life", "refresh"]
    case .session: Self.sessions
    case .phase: Self.phases
    case .agent:
      [
        "new → serving", "serving → judged", "serving → renewing", "judged → renewing", "renewing → serving",
        "serving → finished", "judged → finished", "renewing → finished",
      ]
    case .link: Self.links
    case .attempt:
      [
        "nothing → starting", "starting → running", "running → finished", "starting → finished", "nothing → finished",
        "finished → nothing", "running → nothing", "starting → nothing",
      ]
    case .request: Self.requests
    case .rejection:
      [
        "rejected before", "draining", "the lease has run out", "an earlier attempt still runs", "no free slot",
        "too many unacknowledged results", "processor noop is not allowed here",
      ]
    case .counter: ["other stream", "fenced", "doubles", "stale", "rejected", "isolated", "judged", "ignored"]
    case .notice: Self.notices
    case .world: Self.happenings
    case .fault: Fault.allCases.map { "\($0)" }
    }
  }

  /// The table of ``InstanceState/mayBecome(_:)``, by the operations that may cause each transition.
  private static var instances: [String] {
    var all = ["waiting", "queued", "skipped"].map { "nothing → \($0) by createInstance" }
    for old in InstanceState.allCases {
      for new in InstanceState.allCases where old.mayBecome(new) {
        let verbs =
          switch (old, new) {
          case (.waiting, .dispatched), (.queued, .dispatched): ["dispatch"]
          case (.waiting, _), (.queued, _), (.held, _): ["settle"]
          case (_, .stopping): ["requestStop"]
          default: ["finish"]
          }
        all += verbs.map { "\(old.name) → \(new.name) by \($0)" }
      }
    }
    return all
  }

  /// The table of `Ending`.
  private static let endings = [
    "succeeded → succeeded", "failed → failed", "failed → waiting", "timed-out → timed-out", "timed-out → waiting",
    "stopped → stopped", "lost → lost", "lost → waiting", "lost → held", "isolated → lost", "isolated → waiting",
    "isolated → held", "isolated → stopped", "rejected → waiting", "rejected → stopped", "superseded → waiting",
    "superseded → stopped",
  ]

  private static var operations: [String] {
    let answers: [(String, [String])] = [
      ("createJob", ["applied", "duplicate", "conflict", "fenced"]), ("editJob", ["applied", "conflict", "fenced"]),
      ("setJobState", ["applied", "duplicate", "conflict", "fenced"]),
      ("createInstance", ["applied", "duplicate", "conflict", "fenced"]),
      ("dispatch", ["applied", "conflict", "fenced"]), ("finish", ["applied", "conflict", "fenced"]),
      ("settle", ["applied", "conflict", "fenced"]), ("requestStop", ["applied", "duplicate", "conflict", "fenced"]),
      ("putWorker", ["applied", "conflict"]), ("judgeWorker", ["applied", "duplicate", "conflict"]),
      ("putPolicy", ["applied", "conflict"]), ("access", ["applied"]),
    ]
    return answers.flatMap { verb, results in results.map { "\(verb): \($0)" } }
  }

  private static let entries = [
    "nothing → fresh", "nothing → creating", "fresh → creating", "creating → waiting", "creating → dispatching",
    "creating → settling",
    "creating → placed", "creating → finishing", "creating → nothing", "creating → requestingStop", "nothing → waiting",
    "waiting → dispatching", "waiting → settling", "waiting → nothing", "dispatching → placed",
    "dispatching → requestingStop", "dispatching → finishing", "dispatching → rereading", "placed → requestingStop",
    "placed → finishing", "requestingStop → placed", "requestingStop → finishing", "requestingStop → rereading",
    "finishing → waiting", "finishing → nothing", "finishing → settling", "finishing → rereading",
    "settling → waiting", "settling → nothing", "settling → rereading", "rereading → nothing", "rereading → waiting",
    "rereading → placed", "rereading → finishing", "rereading → settling", "nothing → settling",
  ]

  private static var deferrals: [String] {
    [
      "end while fresh", "end while creating", "end while dispatching", "end while finishing",
      "end while requestingStop",
      "end while settling", "lost while settling", "result while settling", "end while rereading",
      "end while looked up", "release while creating",
      "release while dispatching", "release while finishing", "release while requestingStop", "release while settling",
      "release while rereading", "release while looked up", "result while requestingStop", "result while rereading",
      "lost while requestingStop", "lost while finishing", "lost while rereading", "chain while finishing",
      "chain while requestingStop", "chain while settling", "chain while dispatching", "chain while looked up",
      "chain while rereading", "chain while creating",
    ]
  }

  private static let sessions = [
    "nothing → looking", "looking → nothing", "looking → joining", "looking → absent", "looking → replacing",
    "absent → joining", "absent → replacing", "absent → judging lost", "joining → live",
    "joining → draining", "joining → absent", "joining → looking", "joining → replacing", "replacing → live",
    "replacing → draining", "replacing → joining", "replacing → absent", "replacing → looking",
    "replacing → judging lost", "live → silent",
    "silent → live", "live → absent", "live → joining",
    "live → replacing", "live → draining", "live → judging lost", "live → judging left", "silent → absent",
    "joining → judging lost", "silent → joining", "silent → replacing", "silent → draining", "silent → judging lost",
    "silent → judging left",
    "draining → silent",
    "draining → absent", "draining → joining", "draining → replacing", "draining → judging left",
    "draining → judging lost",
    "judging lost → nothing",
    "judging lost → joining", "judging lost → looking", "judging left → nothing", "judging left → joining",
    "judging left → looking",
  ]

  private static let phases = [
    "new → claiming", "claiming → loading", "loading → owning", "owning → claiming", "owning → stopping",
    "stopping → stopped", "owning → stopped", "claiming → stopped", "loading → stopped", "loading → claiming",
  ]

  private static let links = [
    "none → connecting", "none → waiting", "connecting → greeting", "connecting → waiting", "greeting → live",
    "greeting → waiting",
    "greeting → none", "live → waiting", "live → none", "waiting → connecting",
  ]

  private static var requests: [String] {
    let kinds: [(String, [String])] = [
      ("submit", ["granted", "duplicate", "conflict", "overloaded", "unavailable"]),
      ("submit batch", ["granted", "overloaded", "unavailable"]),
      ("create job", ["granted", "conflict", "overloaded", "unavailable"]),
      ("edit job", ["granted", "conflict", "overloaded", "unavailable"]),
      ("set job state", ["granted", "conflict", "overloaded", "unavailable"]),
      ("end", ["granted", "conflict", "overloaded", "unavailable"]),
      ("release", ["granted", "conflict", "overloaded", "unavailable"]),
      ("put policy", ["granted", "conflict", "overloaded", "unavailable"]),
    ]
    return kinds.flatMap { kind, answers in answers.map { "\(kind): \($0)" } }
  }

  /// Each name that the core counts under; a test reads them out of its sources.
  private static let notices =
    [
      "message.ignored", "hello.repeated", "accepted.stale", "rejected.stale", "result.stale", "metrics.refused",
      "log.stale", "inventory.stale", "commit.late", "commit.aborted", "placement.unasked", "finish.conflict",
      "instance.reread", "admission.share", "overlap.refused", "overlap.replaced", "job.overlooked",
    ] + Refusal.allCases.map { "stream.refused.\($0)" }

  private static let happenings =
    [
      "claim failed", "read failed", "server crashed while it claimed or loaded", "commit: done", "commit: aborted",
      "commit: unknownApplied", "commit: unknownLost", "commit: unknownLate", "commit: after the crash",
      "commit: expelled", "verdict: lost", "verdict: left", "killed by a shim at its deadline", "killed: isolated",
      "killed: stopped", "the clock of a server was seen to step",
    ] + Skip.Reason.allCases.map { "skipped: \($0.rawValue)" }
}
