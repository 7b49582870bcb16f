import SwitchyardModel

/// Who of a job with a limit is let to the lanes, and who waits for that; ``Overlap`` says what the policies mean.
///
/// ```
/// fresh ───────────────► admitted ─► asked for, placed ─► gone: the next in line is admitted
///   └─► being stored ─► in line ─┘
/// ```
///
/// A gate is there while an instance of the job is admitted or in line. Those that are in line are not in memory but for
/// their identities: the store has them, `queued`, or `waiting` when it was not their first time. So a thousand that
/// wait for one job take no room in the window of all others, and no lane is asked for them.
struct Gate: Sendable {
  /// The newest version that was seen, and what it says.
  private(set) var version: UInt32
  private(set) var overlap: Overlap?
  /// What the job says now has been read: before that nobody is let through.
  private(set) var isKnown: Bool
  /// On their way to a worker, or placed there.
  var admitted: Int64 = 0
  /// Those of them that are on their way out, for a newer one to come.
  var leaving: Int64 = 0
  /// On their way into the line.
  var storing: Int64 = 0
  private var line = Fifo<InstanceID>()
  private var members: Set<InstanceID> = []

  init(_ definition: JobVersion, isKnown: Bool) {
    version = definition.number
    overlap = definition.spec.overlap
    self.isKnown = isKnown
  }

  /// How many more wait in line than may, where the newer take the place of the older.
  var surplus: Int64 { isKnown ? overlap?.surplus(placed: admitted - leaving, waiting: waiting) ?? 0 : 0 }
  /// In line.
  var waiting: Int64 { Int64(members.count) }
  var isIdle: Bool { admitted == 0 && storing == 0 && members.isEmpty }
  /// How many may be let through at a time when there is no limit any more, so that a long line does not come at once.
  private static let rush: Int64 = 64

  var hasRoom: Bool {
    guard let limit = overlap?.limit else { return isKnown && (members.isEmpty || admitted < Self.rush) }
    return isKnown && admitted < limit
  }

  /// More are admitted than the limit is now.
  var isOverfull: Bool { overlap.map { admitted > $0.limit } ?? false }

  func verdict() -> Overlap.Verdict {
    guard isKnown else { return .waits }
    return overlap?.verdict(placed: admitted, waiting: waiting + storing) ?? .goes
  }

  func holds(_ id: InstanceID) -> Bool { members.contains(id) }
  var oldestInLine: InstanceID? { members.min() }

  /// - Parameter isKnown: it is what the job says now.
  mutating func learn(_ version: UInt32, _ overlap: Overlap?, isKnown: Bool = true) {
    guard version >= self.version else { return }
    self.version = version
    self.overlap = overlap
    if isKnown { self.isKnown = true }
  }

  /// Returns whether it was not in line.
  mutating func join(_ id: InstanceID) -> Bool {
    guard members.insert(id).inserted else { return false }
    line.append(id)
    return true
  }

  /// Returns whether it was in line.
  mutating func leave(_ id: InstanceID) -> Bool { members.remove(id) != nil }

  /// The next in line, who then is not in line.
  mutating func next() -> InstanceID? {
    while let id = line.popFirst() {
      if members.remove(id) != nil { return id }
    }
    return nil
  }
}

/// Admitted from the line; the row is being read.
struct Admission: Sendable {
  let job: JobID
  /// A newer one takes its place before it has begun.
  var isLeaving = false
}
