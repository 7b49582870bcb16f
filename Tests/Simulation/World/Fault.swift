/// The kinds of faults that strike at one point of time. What goes wrong at any time by chance (aborted and unknown
/// commits, failed reads and claims, late messages, processes that do not start) is in ``Rates``.
enum Fault: String, CaseIterable {
  // MARK: Network

  /// A stream breaks; both ends, or one long before the other, hear of it. What is under way is lost, or
  /// arrives after the worker's next stream has opened.
  case breakStream, breakAtAgent, breakAtServer
  /// Nothing passes, both ways or one way, for up to 40 s; leases take 12.
  case partition, partitionToServer, partitionToAgent
  /// For a while many messages are delivered twice, as by a proxy that sends again.
  case doubleMessages

  // MARK: Workers

  /// SIGSTOP: jobs run on, shims kill at the deadline.
  case pauseWorker
  /// The machine is suspended with all that runs there; its boot clock goes on.
  case suspendMachine
  /// A virtual machine is paused; its clocks stand still, and it knows nothing of the time that passed. Such a machine
  /// cannot be fenced, which the checker knows.
  case freezeMachine
  case crashWorker
  /// In the middle of starting an attempt.
  case crashWorkerAtSpawn
  /// Gone for good.
  case vanishWorker
  /// The data directory is lost: a worker of this name comes back, and nothing proves that the old one is over.
  case loseDirectory
  /// Another machine starts a worker of the same name.
  case twinWorker
  /// At any time, or when it learns that it has been judged.
  case drainWorker
  /// The wall clock of a worker's machine is set.
  case stepWorkerClock
  /// Messages about attempts of others, about none at all, and hellos that make no sense.
  case forgeMessages

  // MARK: Server

  case crashServer
  /// Between a claim and the end of loading, several times in a row.
  case crashServerAtClaim
  /// About the time when a commit becomes durable.
  case crashServerAtCommit
  case stopServer
  /// A stop that comes while it claims or loads.
  case stopServerAtClaim
  /// SIGSTOP, for up to twice the lease.
  case pauseServer
  /// As `freezeMachine`; the wall clock is late afterwards, until it is set.
  case freezeServer
  /// The server's wall clock is set: some milliseconds to minutes, forward or back.
  case stepServerClock
  /// It was a day and more behind.
  case leapServerClock

  // MARK: Store

  /// Writes are aborted and claims fail, for seconds.
  case storeDown
  /// The same for minutes: the disk is full, or mounted read-only.
  case storeFull
  /// Each operation takes up to seconds.
  case storeSlow
  /// Nothing moves for longer than a lease: a disk that hangs.
  case storeStall
  /// Every second commit has no known outcome.
  case unknownBurst
  /// Rows are changed behind the server's back.
  case meddle
  /// The same happens to the rows that its next commits are about, just before these reach the store.
  case meddleAhead

  // MARK: Users

  /// Many requests at once, for one instance and for one job.
  case requestBurst

  enum Place { case network, worker, server, store, users }

  var place: Place {
    switch self {
    case .breakStream, .breakAtAgent, .breakAtServer, .partition, .partitionToServer, .partitionToAgent,
      .doubleMessages,
      .forgeMessages:
      .network
    case .pauseWorker, .suspendMachine, .freezeMachine, .crashWorker, .crashWorkerAtSpawn, .vanishWorker,
      .loseDirectory, .twinWorker, .drainWorker, .stepWorkerClock:
      .worker
    case .crashServer, .crashServerAtClaim, .crashServerAtCommit, .stopServer, .stopServerAtClaim, .pauseServer,
      .freezeServer, .stepServerClock, .leapServerClock:
      .server
    case .storeDown, .storeFull, .storeSlow, .storeStall, .unknownBurst, .meddle, .meddleAhead: .store
    case .requestBurst: .users
    }
  }

  /// Whether it strikes one of the workers.
  var meetsWorker: Bool { (place == .network || place == .worker) && self != .doubleMessages }
}
