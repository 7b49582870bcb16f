import SwitchyardModel

/// What a seed's world is like: who lives in it, what may go wrong at any time, and what does at which. Each seed
/// switches some faults off (swarm testing: Groce et al., ISSTA 2012), because faults that are always on hide each other.
struct Scenario {
  var workers: [WorkerPlan] = []
  var strikes: [Strike] = []
  var rates: Rates
  /// Mean time between two doings of users.
  var clientEvery: Int64
  /// Small windows, pages and groups, so that few instances show what else only thousands would.
  var narrow: Bool
  /// The wall clock at the beginning, so that cron jobs meet hours, days and months.
  var wallStart: Int64
  /// Until when things go wrong, and users ask for more.
  var stormEnds = 600 * second
  /// Workers that never start, and jobs that nobody creates, by number.
  var omittedWorkers: Set<Int> = []
  var omittedJobs: Set<Int> = []

  struct WorkerPlan {
    var name: String
    var slots: UInt32
    var tags: [String]
    var processors: [String]
    /// May go for good.
    var mayVanish: Bool
  }

  init(seed: UInt64) {
    var random = SeededRandom(seed: mix64(seed &* 31 &+ 99))
    rates = Rates(&random)
    clientEvery = random.between(400 * millisecond, 2_500 * millisecond)
    narrow = random.chance(500)
    wallStart = 1_800_000_000 * second + random.between(0, 400 * 86_400) * second + random.between(0, second)
    let count = random.between(3...5)
    for index in 0..<count {
      workers.append(
        WorkerPlan(
          name: "w\(index)", slots: UInt32(random.between(2...8)),
          tags: index < 2 || random.chance(300) ? ["gpu"] : [],
          processors: index > 2 && random.chance(300) ? ["shell"] : ["noop", "shell"], mayVanish: index >= 2))
    }
    var kinds = Fault.allCases.filter { _ in random.chance(500) }
    if kinds.isEmpty { kinds = [.crashServer] }
    let every = random.between(3 * second, 20 * second)
    var time = 15 * second + random.between(0, every)
    while time < stormEnds {
      strikes.append(
        Strike(
          number: strikes.count, at: time, fault: random.pick(kinds) ?? .crashServer,
          worker: Int(random.below(UInt64(count))), random: SeededRandom(seed: random.next())))
      time += random.between(every / 4, every * 2)
    }
  }
}

/// One fault at its time. It has its own source of chance, so that leaving it out changes no other.
struct Strike {
  let number: Int
  let at: Int64
  let fault: Fault
  /// Which worker it meets, where it meets one.
  let worker: Int
  var random: SeededRandom
}

/// What goes wrong by chance: of 1000 so many.
struct Rates {
  var abortedCommits: Int
  var unknownCommits: Int
  /// Commits that take up to four seconds.
  var slowCommits: Int
  var failedReads: Int
  var failedClaims: Int
  /// Messages that are late by up to a second.
  var lateMessages: Int
  /// Attempts that fail by themselves, that run longer than a few seconds, that cannot be started.
  var failingAttempts: Int
  var longAttempts: Int
  var failedSpawns = 5

  init(_ random: inout SeededRandom) {
    abortedCommits = random.chance(500) ? random.between(1...20) : 0
    unknownCommits = random.chance(500) ? random.between(1...6) : 0
    slowCommits = random.chance(500) ? random.between(1...10) : 0
    failedReads = random.chance(400) ? random.between(1...20) : 0
    failedClaims = random.chance(400) ? 200 : 0
    lateMessages = random.chance(500) ? random.between(1...20) : 0
    failingAttempts = random.pick([0, 50, 150, 300]) ?? 0
    longAttempts = random.pick([0, 10, 30]) ?? 0
  }

  /// By name, so that a reduction can switch them off one by one.
  static var all: [(name: String, rate: WritableKeyPath<Rates, Int>)] {
    [
      ("aborted-commits", \.abortedCommits), ("unknown-commits", \.unknownCommits), ("slow-commits", \.slowCommits),
      ("failed-reads", \.failedReads), ("failed-claims", \.failedClaims), ("late-messages", \.lateMessages),
      ("failing-attempts", \.failingAttempts), ("long-attempts", \.longAttempts), ("failed-spawns", \.failedSpawns),
    ]
  }
}
