import SwitchyardModel

/// What a seed's world is like: who lives in it and what may go wrong. Each seed switches some faults off
/// (swarm testing: Groce et al., ISSTA 2012), because faults that are always on hide each other.
struct Scenario {
  var workers: [WorkerPlan] = []
  /// Kinds of faults that this world knows.
  var faults: [Fault] = []
  /// Mean time between two faults.
  var faultEvery: Int64
  /// Of 1000 commits, so many end this way.
  var abortedCommits: Int
  var unknownCommits: Int
  var slowCommits: Int
  var failedReads: Int
  var failedClaims: Int
  /// Of 1000 messages, so many are late by up to a second.
  var lateMessages: Int
  /// Mean time between two doings of users.
  var clientEvery: Int64
  /// Of 1000 attempts, so many fail by themselves; and run longer than a few seconds.
  var failingAttempts: Int
  var longAttempts: Int
  /// Small windows, pages and groups, so that few instances show what else only thousands would.
  var narrow: Bool
  /// The wall clock at the beginning, so that cron jobs meet hours, days and months.
  var wallStart: Int64

  struct WorkerPlan {
    var name: String
    var slots: UInt32
    var tags: [String]
    /// May go for good.
    var mayVanish: Bool
  }

  init(seed: UInt64) {
    var random = SeededRandom(seed: mix64(seed &* 31 &+ 99))
    faultEvery = random.between(3 * second, 20 * second)
    let stormy = random.chance(500)
    abortedCommits = random.chance(500) ? random.between(1...20) : 0
    unknownCommits = random.chance(500) ? random.between(1...6) : 0
    slowCommits = random.chance(500) ? random.between(1...10) : 0
    failedReads = random.chance(400) ? random.between(1...20) : 0
    failedClaims = random.chance(400) ? 200 : 0
    lateMessages = stormy ? random.between(1...20) : 0
    clientEvery = random.between(400 * millisecond, 2_500 * millisecond)
    failingAttempts = random.pick([0, 50, 150, 300]) ?? 0
    longAttempts = random.pick([0, 10, 30]) ?? 0
    narrow = random.chance(500)
    wallStart = 1_800_000_000 * second + random.between(0, 400 * 86_400) * second + random.between(0, second)
    let count = random.between(3...5)
    for index in 0..<count {
      workers.append(
        WorkerPlan(
          name: "w\(index)", slots: UInt32(random.between(2...8)),
          tags: index < 2 || random.chance(300) ? ["gpu"] : [], mayVanish: index >= 2))
    }
    faults = Fault.allCases.filter { _ in random.chance(600) }
    if faults.isEmpty { faults = [.crashServer] }
  }
}

enum Fault: String, CaseIterable {
  case breakStream, breakAtAgent, breakAtServer
  case partition, partitionToServer, partitionToAgent
  case pauseWorker, pauseServer
  case crashWorker, vanishWorker, loseDirectory, drainWorker
  case crashServer, stopServer
  case storeDown, storeSlow, unknownBurst
  case wallJump
}
