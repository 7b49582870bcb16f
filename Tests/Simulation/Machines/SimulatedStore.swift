import SwitchyardCore
import SwitchyardModel
import SwitchyardStorage

/// The database, with its faults. What is durable is a ``ModelState``; commits reach it late, not at all, or
/// without anybody being told.
struct SimulatedStore {
  var state = ModelState()

  enum Fate: String {
    case done = "commit: done"
    case aborted = "commit: aborted"
    case unknownApplied = "commit: unknownApplied"
    case unknownLost = "commit: unknownLost"
    /// The server is told that nobody knows; then it is applied, perhaps after the next claim.
    case unknownLate = "commit: unknownLate"
  }

  struct PendingCommit {
    let run: Int
    let token: Token
    var group: CommitGroup
    let fate: Fate
    var outcome: CommitOutcome
    var hasLanded = false
    var isLost = false
  }

  struct PendingRead {
    let run: Int
    let token: Token
    let request: OwnerRead
    let fails: Bool
    var page: OwnerPage?
  }

  struct PendingClaim {
    let run: Int
    let shards: [Shard]
    let server: ServerRef
    var claim: Claim?
    let answerIsLost: Bool
  }

  var commits: [PendingCommit] = []
  var reads: [PendingRead] = []
  var claims: [PendingClaim] = []
  /// Commits that have not landed.
  var open: [Int] = []
  var lastLanding: Int64 = 0

  /// Nothing is written before this; everything is aborted.
  var downUntil: Int64 = 0
  var slowUntil: Int64 = 0
  var unknownUntil: Int64 = 0
  /// So many more commits find that somebody else was quicker.
  var rivals = 0
  /// Nothing is answered before this.
  var stalledUntil: Int64 = 0

  /// As it is now. In place: to copy the state for each read would be most of the work.
  mutating func answer(_ index: Int) {
    guard !reads[index].fails, reads[index].page == nil else { return }
    reads[index].page = state.read(reads[index].request)
  }

  mutating func heal(_ now: Int64) {
    downUntil = min(downUntil, now)
    slowUntil = min(slowUntil, now)
    unknownUntil = min(unknownUntil, now)
    stalledUntil = min(stalledUntil, now)
    rivals = 0
  }

  /// What was under way when the server died lands all the same, or is lost.
  mutating func serverCrashed(_ random: inout SeededRandom, _ now: Int64) {
    for index in open where random.chance(500) { commits[index].isLost = true }
  }
}

extension World {
  // MARK: Claims

  func claim(_ shards: [Shard]) {
    isLoading = true
    store.claims.append(
      SimulatedStore.PendingClaim(
        run: server.run, shards: shards, server: server.ref,
        answerIsLost: dice.store.chance(scenario.rates.failedClaims)))
    queue.plan(.claimLands(store.claims.count - 1), at: now + storeLatency())
    if server.stopsAtClaim {
      server.stopsAtClaim = false
      queue.plan(.stopServer(run: server.run), at: now + dice.faults.skewed(millisecond, 300 * millisecond))
    }
    if server.crashesAtClaim > 0 {
      server.crashesAtClaim -= 1
      queue.plan(.crashServer(run: server.run), at: now + dice.faults.skewed(10 * microsecond, 300 * millisecond))
    }
  }

  func claimLands(_ index: Int) {
    let pending = store.claims[index]
    guard pending.run == server.run else { return }
    if store.downUntil <= now {
      store.claims[index].claim = try? store.state.claim(pending.shards, for: pending.server)
      if let claim = store.claims[index].claim { checker.claimed(claim, by: pending.server, now) }
    }
    queue.plan(.claimAnswers(index), at: now + storeLatency())
  }

  func claimAnswers(_ index: Int) {
    let pending = store.claims[index]
    guard pending.run == server.run else { return }
    if let claim = pending.claim, !pending.answerIsLost {
      trace.say(now, "    store: claimed \(claim.shards.count) shards, epoch \(claim.shards.first?.epoch ?? 0)")
      tellServer(.claimed(claim.shards, idFloor: claim.idFloor))
    } else {
      coverage.add(.world, "claim failed")
      trace.say(now, "    store: claim failed")
      tellServer(.claimFailed("the store does not answer"))
    }
  }

  // MARK: Commits

  func commit(_ token: Token, _ group: CommitGroup) {
    let index = store.commits.count
    let fate = commitFate()
    coverage.add(.world, fate.rawValue)
    trace.say(now, "    store: commit \(index) of \(group.ops.count): \(fate)")
    if trace.isOn { for op in group.ops { trace.say(now, "      \(describe(op))") } }
    trace.mix(group.ops.count)
    store.commits.append(
      SimulatedStore.PendingCommit(
        run: server.run, token: token, group: group, fate: fate, outcome: .unknown("no answer")))
    sendAssignments(of: group)
    let landing = max(store.lastLanding, now + storeLatency())
    store.lastLanding = landing
    if server.crashesAtCommit > 0 {
      server.crashesAtCommit -= 1
      let death = max(now, landing + dice.faults.between(-200 * microsecond, 1_200 * microsecond))
      if server.crashesAtCommit == 0 { queue.plan(.crashServer(run: server.run), at: death) }
    }
    switch fate {
    case .done, .unknownApplied:
      store.open.append(index)
      queue.plan(.commitLands(index), at: landing)
      guard fate == .unknownApplied else { return }
      queue.plan(.commitAnswers(index), at: landing + dice.store.skewed(millisecond, 5 * second))
    case .aborted, .unknownLost:
      checker.refused(now)
      queue.plan(.commitAnswers(index), at: landing + dice.store.skewed(millisecond, second))
    case .unknownLate:
      store.open.append(index)
      queue.plan(.commitAnswers(index), at: landing)
      queue.plan(.commitLands(index), at: landing + dice.store.skewed(100 * microsecond, 5 * second))
    }
  }

  private func commitFate() -> SimulatedStore.Fate {
    if store.downUntil > now { return .aborted }
    if dice.store.chance(scenario.rates.abortedCommits) { return .aborted }
    if dice.store.chance(store.unknownUntil > now ? 500 : scenario.rates.unknownCommits) {
      return dice.store.pick([.unknownApplied, .unknownLost, .unknownLate]) ?? .unknownLost
    }
    return .done
  }

  private func storeLatency() -> Int64 { max(0, store.stalledUntil - now) + ownLatency() }

  private func ownLatency() -> Int64 {
    if store.slowUntil > now || dice.store.chance(scenario.rates.slowCommits) {
      return dice.store.skewed(50 * millisecond, 4 * second)
    }
    return dice.store.between(100 * microsecond, 8 * millisecond)
  }

  func commitLands(_ index: Int) {
    store.open.removeAll { $0 == index }
    guard !store.commits[index].isLost, !store.commits[index].hasLanded else { return }
    store.commits[index].hasLanded = true
    if store.commits[index].run != server.run || !server.isUp { coverage.add(.world, "commit: after the crash") }
    let hasRivals = store.rivals > 0
    if hasRivals {
      store.rivals -= 1
      getAhead(of: store.commits[index].group)
    }
    var group = store.commits[index].group
    if plant == .noEpochCheck { group.server = server.ref }
    let outcome = store.state.apply(group)
    store.commits[index].outcome = outcome
    if case .done(let results) = outcome {
      trace.say(now, "    store: commit \(index) is durable: \(describe(results))")
      for result in results { trace.mix(result.code) }
      if observer != nil { coverage.add(store.commits[index].group.ops, results) }
      checker.applied(store.commits[index].group, results, store: store.state, now)
      if hasRivals { usersAskAboutNew(store.commits[index].group) }
    } else {
      trace.say(now, "    store: commit \(index) was refused: the server has been succeeded")
      coverage.add(.world, "commit: expelled")
    }
    if store.commits[index].fate == .done {
      queue.plan(.commitAnswers(index), at: now + dice.store.between(50 * microsecond, millisecond))
    }
  }

  func commitAnswers(_ index: Int) {
    let pending = store.commits[index]
    // What has been answered is not needed again, unless it is still to land.
    if pending.hasLanded || !store.open.contains(index) {
      store.commits[index].group.ops = []
    }
    guard pending.run == server.run else { return }
    switch pending.fate {
    case .done: tellServer(.committed(pending.token, pending.outcome))
    case .aborted: tellServer(.committed(pending.token, .aborted("the store is busy")))
    case .unknownApplied, .unknownLost, .unknownLate:
      trace.say(now, "    store: nobody knows about commit \(index)")
      tellServer(
        .committed(pending.token, plant == .unknownIsAborted ? .aborted("lost") : .unknown("the connection broke")))
    }
  }

  // MARK: Reads

  func read(_ token: Token, _ request: OwnerRead) {
    let index = store.reads.count
    store.reads.append(
      SimulatedStore.PendingRead(
        run: server.run, token: token, request: request, fails: dice.store.chance(scenario.rates.failedReads)))
    // The answer is of when it was asked, or of when it comes: what lies between shows nothing that these do not.
    if dice.store.chance(500) { store.answer(index) }
    let delay = store.slowUntil > now || store.stalledUntil > now ? storeLatency() / 8 : 0
    queue.plan(.readAnswers(index), at: now + delay + dice.store.between(20 * microsecond, 2 * millisecond))
  }

  func readAnswers(_ index: Int) {
    guard store.reads[index].run == server.run else {
      store.reads[index].page = nil
      return
    }
    store.answer(index)
    let pending = store.reads[index]
    store.reads[index].page = nil
    if pending.fails { coverage.add(.world, "read failed") }
    trace.say(now, "    store: read \(describe(pending.request)): \(pending.page.map { "\($0.count)" } ?? "failed")")
    tellServer(.read(pending.token, planted(pending.page, for: pending.request)))
  }
}

extension OwnerPage {
  var count: Int {
    switch self {
    case .jobs(let rows): rows.count
    case .instances(let rows): rows.count
    case .workers(let rows): rows.count
    }
  }
}
